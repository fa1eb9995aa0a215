"""Quantise a segmenter to 8-bit integers for OpenVINO, calibrated on train photos.

Post-training quantisation by NNCF (Jacob et al., "Quantization and Training of Neural Networks for
Efficient Integer-Arithmetic-Only Inference", CVPR 2018). The network is written beside its weights
and recorded in their card (`segmentation.weights`). Needs the `train` extra (NNCF).
"""

import random
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Final

from segmentation.data.pairs import read_pairs
from segmentation.errors import DatasetError
from segmentation.photos import read_photo
from segmentation.preprocess import Preprocessing, canvas_of
from segmentation.progress import Progress, no_progress
from segmentation.runtime import Pictures
from segmentation.torch_runtime import PictureNetwork, converted
from segmentation.weights import load_segmenter, quantised_path, save_quantised_hash

if TYPE_CHECKING:
    import openvino

PHOTOS: Final = 300
"""Number of train photos for the calibration of activation ranges."""


def quantise_segmenter(
    weights: Path,
    roots: Sequence[Path],
    photos: int = PHOTOS,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Path:
    """Write the 8-bit network beside the weights and return its path.

    Args:
        roots: pairs folders, which contribute equal numbers of train photos.

    Raises:
        DatasetError: a folder has no train photos.
    """
    network, card = load_segmenter(weights)
    canvases = _canvases(roots, card.preprocessing, photos, seed, progress)
    preprocessing = card.preprocessing
    model = converted(PictureNetwork(network, preprocessing.mean, preprocessing.std))
    path = quantised_path(weights)
    _write(quantised_model(model, canvases), path)
    save_quantised_hash(weights)
    return path


def _canvases(
    roots: Sequence[Path], preprocessing: Preprocessing, photos: int, seed: int, progress: Progress
) -> list[Pictures]:
    """Canvases of train photos, each uint8 (1, H, W, 3)."""
    canvases = []
    for root in roots:
        folder = read_pairs(root).masked().of_split("train")
        if not folder.pairs:
            raise DatasetError(f"{root} has no train photos; make it again with `apparel dataset`")
        count = min(photos // len(roots), len(folder.pairs))
        for pair in random.Random(seed).sample(folder.pairs, count):
            photo = read_photo(folder.photo_path(pair))
            canvases.append(canvas_of(photo, preprocessing)[None])
            progress(len(canvases), photos)
    return canvases


def quantised_model(model: "openvino.Model", pictures: list[Pictures]) -> "openvino.Model":
    """Quantise a model, calibrating activation ranges on these pictures."""
    import nncf

    nncf.set_log_level("ERROR")
    # NNCF prints progress on stdout.
    with redirect_stdout(sys.stderr):
        return nncf.quantize(
            model,
            nncf.Dataset(pictures),
            # Symmetric activations: with asymmetric ones masks agreed less.
            preset=nncf.QuantizationPreset.PERFORMANCE,
            subset_size=len(pictures),
            # Slow: features agree with the float network's better than with the fast one.
            fast_bias_correction=False,
            # Weights take half of their range: processors without VNNI add pairs of products in
            # 16 bits, which overflow otherwise, so that vectors would depend on the processor.
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                overflow_fix=nncf.OverflowFix.ENABLE
            ),
        )


def _write(model: "openvino.Model", path: Path) -> None:
    import openvino

    openvino.save_model(model, path)
