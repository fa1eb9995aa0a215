"""A SegFormer clothes parser saved to disk, opened as the segmenter."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import SegformerConfig, SegformerForSemanticSegmentation

from segmentation.classes import GarmentClass
from segmentation.errors import WeightsError
from segmentation.hub.segformer import ATR_CLASSES
from segmentation.runtime import RuntimeOptions
from segmentation.segmenter import Segmenter
from tests.drawn import draw_pair


def _save(folder: Path, labels: list[str], favoured: str) -> str:
    """A small random SegFormer that calls every pixel `favoured`."""
    torch.manual_seed(0)
    config = SegformerConfig(
        depths=[1, 1, 1, 1],
        hidden_sizes=[8, 8, 16, 16],
        num_attention_heads=[1, 1, 2, 2],
        decoder_hidden_size=16,
        id2label=dict(enumerate(labels)),
        label2id={label: place for place, label in enumerate(labels)},
    )
    parser = SegformerForSemanticSegmentation(config)
    with torch.no_grad():
        parser.decode_head.classifier.bias[labels.index(favoured)] = 50
    parser.save_pretrained(folder)
    return f"local-dir:{folder}"


def test_a_parser_with_atr_labels_segments_into_our_classes(tmp_path: Path) -> None:
    name = _save(tmp_path / "atr", list(ATR_CLASSES), "Dress")
    for options in (RuntimeOptions("torch", 1), RuntimeOptions("openvino", 1)):
        segmenter = Segmenter.load(name, options)
        (found,) = segmenter.segment([draw_pair(0, 200, 150)[0]])
        assert (found.mask == GarmentClass.WHOLE).all()
        assert [each.garment_class for each in found.garments] == [GarmentClass.WHOLE]
    assert segmenter.runtime.startswith("openvino")


def test_other_labels_need_a_map_and_change_the_fingerprint(tmp_path: Path) -> None:
    name = _save(tmp_path / "own", ["nothing", "coat", "jeans"], "jeans")
    with pytest.raises(WeightsError, match=r"LABELS\.json"):
        Segmenter.load(name)
    labels = tmp_path / "labels.json"
    fingerprints = set()
    for wanted in ("upper", "lower"):
        labels.write_text(json.dumps({"coat": "upper", "jeans": wanted}))
        segmenter = Segmenter.load(f"{name}#{labels}")
        (found,) = segmenter.segment([np.full((80, 60, 3), 90, np.uint8)])
        assert found.garments[0].garment_class.label == wanted
        fingerprints.add(segmenter.fingerprint)
    assert len(fingerprints) == 2
    labels.write_text(json.dumps({"skirt": "lower"}))
    with pytest.raises(WeightsError, match="skirt"):
        Segmenter.load(f"{name}#{labels}")


def test_a_pickle_is_refused_by_name(tmp_path: Path) -> None:
    name = _save(tmp_path / "atr", list(ATR_CLASSES), "Dress")
    (tmp_path / "atr" / "model.safetensors").unlink()
    (tmp_path / "atr" / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(WeightsError, match=r"pytorch_model\.bin is a pickle"):
        Segmenter.load(name)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot open the segmenter"):
        Segmenter.load(f"local-dir:{tmp_path}")
