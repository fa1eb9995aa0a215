"""The segmenter, the package's main entry point: `Segmenter.load().segment([photo])`.

photo -> canvas -> network -> probabilities on the canvas -> garments, mask
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from segmentation.calibration import UNCALIBRATED, Calibration, Prediction, detect_garments
from segmentation.hub.files import is_network_name
from segmentation.mask import in_pixels
from segmentation.photos import Photo
from segmentation.preprocess import (
    Placement,
    Preprocessing,
    photo_part,
    place,
    to_canvas,
    to_mask,
)
from segmentation.runtime import (
    Arrays,
    Pictures,
    Runtime,
    RuntimeOptions,
    open_runtime,
    require_torch,
)
from segmentation.segmented_photo import PhotoFeatures, Segmentation
from segmentation.weights import (
    SHIPPED_SEGMENTER,
    load_segmenter,
    quantised_of,
    read_segmenter_card,
)

if TYPE_CHECKING:
    from segmentation.torch_runtime import PictureNetwork

BATCH_SIZE: Final = 8


class Segmenter:
    """A network with its preprocessing and calibration."""

    def __init__(
        self,
        runtime: Runtime,
        preprocessing: Preprocessing,
        fingerprint: str,
        calibration: Calibration = UNCALIBRATED,
        backbone: str = "",
    ) -> None:
        """`runtime` returns probabilities (n, 4, h, w), presence logits (n, 3) and feature maps.

        `backbone` is the fingerprint of the weights alone, which feature maps depend on.
        """
        self._runtime = runtime
        self._calibration = calibration
        self.preprocessing = preprocessing
        self.fingerprint = fingerprint
        self.backbone = backbone

    @classmethod
    def load(
        cls, name: str | Path | None = None, options: RuntimeOptions = RuntimeOptions()
    ) -> "Segmenter":
        """Open a segmenter by name; None means the shipped one.

        Args:
            name: a weights file with its card beside it, or `local-dir:DIR` or `hf-hub:NAME` of
                a SegFormer (`segmentation.hub.segformer`).

        Raises:
            WeightsError: it is missing, damaged, or does not match its card.
            RuntimeAbsent: nothing installed here runs it.
        """
        if is_network_name(str(name)):
            require_torch(f"the segmenter {name}")
            from segmentation.hub.segformer import load_segformer

            return load_segformer(str(name), options)
        path = SHIPPED_SEGMENTER if name is None else Path(name)
        card = read_segmenter_card(path)

        def build() -> "PictureNetwork":
            from segmentation.torch_runtime import PictureNetwork

            network, _ = load_segmenter(path)
            return PictureNetwork(network, card.preprocessing.mean, card.preprocessing.std)

        runtime = open_runtime(build, options, card.fingerprint, quantised_of(path, card))
        return cls(runtime, card.preprocessing, card.fingerprint, card.calibration, card.backbone)

    @property
    def runtime(self) -> str:
        """Name of the runtime, like "openvino int8"."""
        return self._runtime.name

    @property
    def calls_at_once(self) -> int:
        """Number of concurrent calls that increases throughput."""
        return self._runtime.calls_at_once

    def run(self, canvases: Pictures) -> Arrays:
        """Run the network on canvases of one size, uint8 (n, H, W, 3)."""
        return self._runtime.run(canvases)

    def segment(self, photos: Sequence[Photo]) -> list[Segmentation]:
        """Segment photos; results are in order, class masks are computed on first use."""
        predictions = self.predict(photos)
        return [
            _segmentation_of(prediction, self._calibration, photo.shape[0], photo.shape[1])
            for photo, prediction in zip(photos, predictions, strict=True)
        ]

    def predict(self, photos: Sequence[Photo]) -> list[Prediction]:
        """Return the network's output for each photo, in order."""
        return predict(self._runtime, self.preprocessing, photos, self.backbone)

    def features(self, photos: Sequence[Photo]) -> list[PhotoFeatures]:
        """Return the backbone's feature maps of each photo, in order; none of other networks."""
        return [each.features for each in self.predict(photos) if each.features is not None]


def predict(
    runtime: Runtime, preprocessing: Preprocessing, photos: Sequence[Photo], backbone: str = ""
) -> list[Prediction]:
    """Run a network on photos; outputs are in order, at canvas resolution.

    `backbone` is noted with the feature maps as their source.
    """
    placements = [place(photo.shape[0], photo.shape[1], preprocessing) for photo in photos]
    by_canvas: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for position, placement in enumerate(placements):
        by_canvas[placement.canvas].append(position)
    predictions: dict[int, Prediction] = {}
    for positions in by_canvas.values():
        for start in range(0, len(positions), BATCH_SIZE):
            batch = positions[start : start + BATCH_SIZE]
            canvases = [to_canvas(photos[each], placements[each], preprocessing) for each in batch]
            outputs = runtime.run(np.stack(canvases))
            for row, each in enumerate(batch):
                own = tuple(output[row] for output in outputs)
                size = (photos[each].shape[0], photos[each].shape[1])
                predictions[each] = _prediction(own, placements[each], size, backbone)
    return [predictions[position] for position in range(len(photos))]


def _prediction(
    outputs: Arrays, placement: Placement, size: tuple[int, int], backbone: str
) -> Prediction:
    """The prediction for one photo from its rows of the network's outputs."""
    probabilities, presence, *maps = outputs
    features = PhotoFeatures(tuple(maps), placement, size, backbone) if maps else None
    return Prediction(photo_part(probabilities, placement), presence, features)


def _segmentation_of(
    prediction: Prediction, calibration: Calibration, height: int, width: int
) -> Segmentation:
    detections = detect_garments(prediction, calibration)
    grid = detections.probabilities.shape[1], detections.probabilities.shape[2]
    return Segmentation(
        tuple(in_pixels(each, grid, (height, width)) for each in detections.garments),
        lambda: to_mask(detections.probabilities, height, width),
        prediction.features,
    )
