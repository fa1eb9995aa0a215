"""Speed of the networks alone: the fast runtime against eager float32 torch.

Both run the same preprocessed images in the same batches with the same number of threads,
alternating, the best of five rounds each, because a shared machine's speed changes by the minute.
The fast runtime makes as many concurrent calls as it supports. The agreement of both is measured
on the same images.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import numpy.typing as npt

from indexing.benchmarks.photos import write_photos
from indexing.benchmarks.report import log
from indexing.embedding.crop import crop_garment
from indexing.embedding.encoder import Encoder
from segmentation.mask import Garment
from segmentation.photos import Photo, find_photos, read_photo
from segmentation.preprocess import canvas_of
from segmentation.runtime import Pictures, RuntimeOptions
from segmentation.segmented_photo import Segmentation
from segmentation.segmenter import Segmenter

Picture = npt.NDArray[np.uint8]
PHOTOS: Final = 192
AT_ONCE: Final = 8
ROUNDS: Final = 5


@dataclass(frozen=True)
class NetworkFigures:
    """Images per second of one network, and the agreement of both runtimes.

    `agreement` is the share of mask pixels with the same class for the segmenter, and the minimum
    cosine between a vector and the reference's for the encoder.
    """

    network: str
    runtime: str
    per_second: float
    eager_per_second: float
    times_eager: float
    agreement: float


@dataclass(frozen=True)
class NetworksFigures:
    """Figures of both networks."""

    photos: int
    segmenter: NetworkFigures
    encoder: NetworkFigures


def measure_networks(source: Path | None, options: RuntimeOptions, count: int) -> NetworksFigures:
    """Speed and agreement of both shipped networks on `count` photos (None: drawn ones)."""
    photos = _read(source, count)
    eager = replace(options, name="torch")
    slow, fast = Segmenter.load(options=eager), Segmenter.load(options=options)
    found = fast.segment(photos)
    garments = [
        (photo, each.garments[0])
        for photo, each in zip(photos, found, strict=True)
        if each.garments
    ]
    figures = NetworksFigures(
        len(photos),
        _segmenter_figures(photos, found, slow, fast),
        _encoder_figures(garments, Encoder.load(options=eager), Encoder.load(options=options)),
    )
    for each in (figures.segmenter, figures.encoder):
        log(
            f"{each.network}: {each.per_second:.1f}/s with {each.runtime}, "
            f"{each.eager_per_second:.1f} eager, {each.times_eager:.1f} times; "
            f"agreement {each.agreement:.5f}"
        )
    return figures


def _read(source: Path | None, count: int) -> list[Photo]:
    if source is not None:
        return [read_photo(path) for path in find_photos(source)[:count]]
    with TemporaryDirectory() as folder:
        drawn = Path(folder) / "photos"
        write_photos(drawn, count, None)
        return [read_photo(path) for path in find_photos(drawn)]


def _segmenter_figures(
    photos: list[Photo], found: list[Segmentation], slow: Segmenter, fast: Segmenter
) -> NetworkFigures:
    masks = [(one.mask, other.mask) for one, other in zip(slow.segment(photos), found, strict=True)]
    same = sum(int((one == other).sum()) for one, other in masks)
    canvases = [canvas_of(photo, fast.preprocessing) for photo in photos]
    upright = [canvas for canvas in canvases if canvas.shape == canvases[0].shape]
    runs = (_Runs(_on_batches(each.run), each.calls_at_once) for each in (fast, slow))
    speed, eager = _per_second(list(runs), upright)
    agreement = same / sum(one.size for one, _ in masks)
    return NetworkFigures(fast.fingerprint, fast.runtime, speed, eager, speed / eager, agreement)


def _on_batches(run: Callable[[Pictures], object]) -> Callable[[list[Picture]], object]:
    return lambda pictures: run(np.stack(pictures))


def _encoder_figures(
    garments: list[tuple[Photo, Garment]], slow: Encoder, fast: Encoder
) -> NetworkFigures:
    crops = [crop_garment(photo, garment, fast.side) for photo, garment in garments]
    cosines = (slow.encode(crops).styles * fast.encode(crops).styles).sum(axis=1)
    runs = [_Runs(each.encode, each.calls_at_once) for each in (fast, slow)]
    speed, eager = _per_second(runs, crops)
    least = float(cosines.min())
    return NetworkFigures(fast.fingerprint, fast.runtime, speed, eager, speed / eager, least)


@dataclass(frozen=True)
class _Runs:
    """A function of a batch to time, with `at_once` concurrent calls."""

    function: Callable[[list[Picture]], object]
    at_once: int


def _per_second(each: Sequence[_Runs], pictures: list[Picture]) -> list[float]:
    """Images per second of each function, the best of alternating rounds."""
    batches = [pictures[start : start + AT_ONCE] for start in range(0, len(pictures), AT_ONCE)]
    best = [0.0] * len(each)
    for _ in range(ROUNDS):
        for number, runs in enumerate(each):
            with ThreadPoolExecutor(runs.at_once) as threads:
                start = time.perf_counter()
                list(threads.map(runs.function, batches))
                taken = time.perf_counter() - start
            best[number] = max(best[number], len(pictures) / taken)
    return best
