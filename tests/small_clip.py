"""A small random CLIP network on disk, as `save_pretrained` leaves one."""

import json
from pathlib import Path
from string import ascii_lowercase

import torch
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

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
