"""A segmenter's weights and train photos in, the same network in 8-bit integers out.

Post-training quantisation by NNCF (Jacob et al., "Quantization and Training of Neural Networks
for Efficient Integer-Arithmetic-Only Inference", CVPR 2018): how large activations become is
read off train photos, then convolutions compute in integers. The network is written beside its
weights and named in their card (`segmentation.weights`). Needs the `train` extra (NNCF).
"""

import random
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Final

from segmentation.errors import DatasetError
from segmentation.inference import converted
from segmentation.pairs import Progress, no_progress, read_pairs
from segmentation.photos import read_photo
from segmentation.predictor import mask_network
from segmentation.preprocess import Preprocessing, canvas_of
from segmentation.runtime import Pictures
from segmentation.weights import keep_quantised, load_segmenter, quantised_path

if TYPE_CHECKING:
    import openvino

PHOTOS: Final = 300
"""Train photos that are looked at."""


def quantise_segmenter(
    weights: Path,
    roots: Sequence[Path],
    photos: int = PHOTOS,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Path:
    """Write the 8-bit network of these weights beside them; its path.

    Args:
        roots: pairs folders, whose train photos count alike, however many there are in each.

    Raises:
        DatasetError: a folder has no train photos.
    """
    network, card = load_segmenter(weights)
    canvases = _canvases(roots, card.preprocessing, photos, seed, progress)
    model = converted(mask_network(network, card.preprocessing).eval())
    path = quantised_path(weights)
    _write(_quantised(model, canvases), path)
    keep_quantised(weights)
    return path


def _canvases(
    roots: Sequence[Path], preprocessing: Preprocessing, photos: int, seed: int, progress: Progress
) -> list[Pictures]:
    """Train photos as the network sees them, each uint8 (1, H, W, 3)."""
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


def _quantised(model: "openvino.Model", canvases: list[Pictures]) -> "openvino.Model":
    import nncf

    nncf.set_log_level("ERROR")
    # NNCF draws its progress on stdout.
    with redirect_stdout(sys.stderr):
        return nncf.quantize(
            model,
            nncf.Dataset(canvases),
            # Symmetric activations throughout: with asymmetric ones masks agreed less.
            preset=nncf.QuantizationPreset.PERFORMANCE,
            subset_size=len(canvases),
            # Slower to make, no slower to run, and closer to the reference.
            fast_bias_correction=False,
        )


def _write(model: "openvino.Model", path: Path) -> None:
    import openvino

    openvino.save_model(model, path)
