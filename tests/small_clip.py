"""Small random CLIP and SigLIP networks on disk, as `save_pretrained` leaves them."""

import json
from pathlib import Path
from string import ascii_lowercase

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer, SiglipConfig, SiglipModel

SIDE = 32
DIMENSION = 24
MEAN, STD = [0.1, 0.2, 0.3], [0.4, 0.5, 0.6]


def save_small_clip(folder: Path) -> Path:
    """Write network, preprocessing and a tokenizer that knows letters."""
    torch.manual_seed(5)
    letters = [*ascii_lowercase, *(f"{each}</w>" for each in ascii_lowercase)]
    words = [*letters, "<|startoftext|>", "<|endoftext|>"]
    tower = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2}
    layers = {"num_hidden_layers": 2, "projection_dim": DIMENSION}
    ends = {"bos_token_id": len(words) - 2, "eos_token_id": len(words) - 1}
    text = {**tower, **layers, **ends, "vocab_size": len(words), "max_position_embeddings": 40}
    vision = {**tower, **layers, "image_size": SIDE, "patch_size": 8}
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=DIMENSION)
    CLIPModel(config).save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps({each: row for row, each in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt")).save_pretrained(folder)
    preprocessing = {"image_mean": MEAN, "image_std": STD}
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessing))
    return folder


def save_small_siglip(folder: Path) -> Path:
    """Write network, preprocessing and a tokenizer; its own class needs sentencepiece."""
    torch.manual_seed(5)
    tower = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2}
    words = ["</s>", "<unk>", *(f"\u2581{each}" for each in "a photo of green hoodie".split())]
    text = {**tower, "num_hidden_layers": 2, "projection_size": 16, "max_position_embeddings": 12}
    text |= {"vocab_size": len(words), "pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0}
    vision = {**tower, "num_hidden_layers": 2, "image_size": SIDE, "patch_size": 8}
    SiglipModel(SiglipConfig(text_config=text, vision_config=vision)).save_pretrained(folder)
    tokenizer = Tokenizer(models.Unigram([(each, -1.0) for each in words], 1))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing("$A </s>", None, [("</s>", 0)])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "SiglipTokenizer", "pad_token": "</s>", "eos_token": "</s>",
        "unk_token": "<unk>", "model_input_names": ["input_ids"],
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder
