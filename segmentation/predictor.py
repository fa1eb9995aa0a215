"""Photos in, class masks and garments out: what the rest of the project calls.

Segmenter.load().segment([photo]) -> [Segmentation]
"""

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Self

import numpy as np

from segmentation.blank import is_blank
from segmentation.edges import with_edges
from segmentation.inference import PictureNetwork, open_runtime
from segmentation.mask import Garment, Probabilities, Segmentation, in_pixels
from segmentation.model import SegmentationNetwork
from segmentation.own_colours import with_own_colours
from segmentation.photos import Photo
from segmentation.preprocess import (
    Placement,
    Preprocessing,
    cells_of,
    covered_cells,
    inside,
    place,
    to_canvas,
    to_mask,
)
from segmentation.reach import possible_garment, reach_of
from segmentation.rules import Prediction, judge_prediction
from segmentation.runtime import REFERENCE, Arrays, Pictures, Runtime, RuntimeOptions
from segmentation.weights import (
    SHIPPED_SECOND_LOOK,
    SHIPPED_SEGMENTER,
    SegmenterCard,
    load_segmenter,
    quantised_of,
)

BATCH_SIZE: Final = 8


class Segmenter:
    """A trained network with its card."""

    def __init__(
        self,
        network: SegmentationNetwork,
        card: SegmenterCard,
        options: RuntimeOptions = REFERENCE,
        quantised: Path | None = None,
    ) -> None:
        """`quantised`: the same network in 8-bit integers, for OpenVINO."""
        # Weights without a hash were never saved: nothing names them in the cache.
        key = card.fingerprint if card.sha256 else None
        self._runtime = mask_runtime(network, card.preprocessing, options, key, quantised)
        self.card = card

    @classmethod
    def load(cls, weights: Path | None = None, options: RuntimeOptions = REFERENCE) -> Self:
        """Read weights with their card; None means those shipped with the package."""
        path = weights or SHIPPED_SEGMENTER
        network, card = load_segmenter(path)
        return cls(network, card, options, quantised_of(path, card))

    @classmethod
    def for_second_look(cls, options: RuntimeOptions = REFERENCE) -> Self:
        """The shipped one that queries are looked at with, too (`indexing.second_look`)."""
        return cls.load(SHIPPED_SECOND_LOOK, options)

    @property
    def fingerprint(self) -> str:
        return self.card.fingerprint

    @property
    def runtime(self) -> str:
        """What runs the network, like "openvino bf16"."""
        return self._runtime.name

    @property
    def calls_at_once(self) -> int:
        """Calls worth making side by side, from as many threads."""
        return self._runtime.calls_at_once

    def run(self, canvases: Pictures) -> Arrays:
        """What the network says of canvases of one size: probabilities, on a grid four times
        coarser, and presence logits."""
        return self._runtime.run(canvases)

    def segment(self, photos: Sequence[Photo]) -> list[Segmentation]:
        """Garments and, when asked for, the class mask of each photo, in order."""
        found = self.predictions(photos, self.card.rules.flip)
        return [
            self._segmentation_of(photo, prediction)
            for photo, prediction in zip(photos, found, strict=True)
        ]

    def predictions(self, photos: Sequence[Photo], flip: bool = False) -> list[Prediction]:
        """What the network says of each photo, or of it and its mirror image, before the rules."""
        return predictions_of(self._runtime, self.card.preprocessing, photos, flip)

    def _segmentation_of(self, photo: Photo, prediction: Prediction) -> Segmentation:
        """Garments are found on the canvas's grid: the photo's own pixels know nothing more."""
        size = photo.shape[0], photo.shape[1]
        if is_blank(photo):
            return Segmentation.of_mask(np.zeros(size, np.uint8))
        judged = judge_prediction(prediction, self.card.rules, self.card.calibration)
        grid = judged.probabilities.shape[1], judged.probabilities.shape[2]

        def on_photo(found: Garment | None) -> Garment | None:
            return None if found is None else in_pixels(found, grid, size)

        return Segmentation(
            tuple(in_pixels(each, grid, size) for each in judged.garments),
            lambda: to_mask(judged.probabilities, *size),
            lambda place: on_photo(reach_of(place, judged, prediction.probabilities)),
            lambda: on_photo(possible_garment(prediction.probabilities)),
        )


def mask_runtime(
    network: SegmentationNetwork,
    preprocessing: Preprocessing,
    options: RuntimeOptions = REFERENCE,
    key: str | None = None,
    quantised: Path | None = None,
) -> Runtime:
    """A network ready for `predictions_of`."""
    return open_runtime(mask_network(network, preprocessing), options, key, quantised)


def mask_network(network: SegmentationNetwork, preprocessing: Preprocessing) -> PictureNetwork:
    """Canvases, uint8 (n, H, W, 3), in; class probabilities, (n, 4, H / 4, W / 4), and presence
    logits out."""
    return PictureNetwork(network, preprocessing.mean, preprocessing.std)


def predictions_of(
    runtime: Runtime, preprocessing: Preprocessing, photos: Sequence[Photo], flip: bool = False
) -> list[Prediction]:
    """What the network says of each photo, in order, at the canvas's resolution: the photo's own
    colours and edges have had their say.

    Args:
        flip: the network looks at the mirror image too, and the mean of both counts.
    """
    placements = [place(photo.shape[0], photo.shape[1], preprocessing) for photo in photos]
    by_canvas: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for position, placement in enumerate(placements):
        by_canvas[placement.canvas].append(position)
    # For a photo alone somebody waits.
    side_by_side = len(photos) == 1 and runtime.calls_at_once > 1
    answers: dict[int, Prediction] = {}
    for positions in by_canvas.values():
        for start in range(0, len(positions), BATCH_SIZE):
            batch = positions[start : start + BATCH_SIZE]
            canvases = [
                to_canvas(photos[position], placements[position], preprocessing)
                for position in batch
            ]
            probabilities, presence = _answers(runtime, np.stack(canvases), flip, side_by_side)
            for position, canvas, values, logits in zip(
                batch, canvases, probabilities, presence, strict=True
            ):
                enlarged = on_canvas(canvas, values, placements[position])
                answers[position] = Prediction(inside(enlarged, placements[position]), logits)
    return [answers[position] for position in range(len(photos))]


def _answers(runtime: Runtime, canvases: Pictures, flip: bool, side_by_side: bool) -> Arrays:
    """What the network says of canvases, (n, 4, h, w) and (n, 3).

    Args:
        side_by_side: of the photos and of their mirror images at once.
    """
    if not flip:
        return runtime.run(canvases)
    mirror_images = np.ascontiguousarray(canvases[:, :, ::-1])
    if side_by_side:
        with ThreadPoolExecutor(1) as beside:
            other = beside.submit(runtime.run, mirror_images)
            straight, mirrored = runtime.run(canvases), other.result()
    else:
        straight, mirrored = runtime.run(canvases), runtime.run(mirror_images)
    half = np.float32(0.5)
    probabilities = half * (straight[0] + mirrored[0][:, :, :, ::-1])
    return probabilities, half * (straight[1] + mirrored[1])


def on_canvas(canvas: Photo, values: Probabilities, placement: Placement) -> Probabilities:
    """Probabilities (4, H, W) of a canvas from those of its cells, (4, h, w): the colours of the
    cells that the photo covers have their say, then its edges."""
    stride = canvas.shape[0] // values.shape[1]
    cells = cells_of(canvas, stride)
    covered = covered_cells(placement, stride)
    told = values.copy()
    told[:, *covered] = with_own_colours(cells[covered], values[:, *covered])
    return with_edges(canvas, cells, told)


def predict(
    runtime: Runtime, preprocessing: Preprocessing, photos: Sequence[Photo]
) -> list[Probabilities]:
    """Class probabilities alone of each photo, (4, h, w), in order: what training looks at."""
    return [each.probabilities for each in predictions_of(runtime, preprocessing, photos)]
