"""Speed of the network alone: the fast runtime against eager float32 torch.

Both run the same preprocessed images in the same batches with the same number of threads,
alternating, the best of five rounds each, because a shared machine's speed changes by the minute.
The fast runtime makes as many concurrent calls as it supports. The agreement of both is measured
on the same images.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import numpy.typing as npt

from indexing.benchmarks.photos import write_photos
from indexing.benchmarks.report import log
from indexing.embedding.encoder import SHIPPED_ENCODER, Encoder, SegmentedGarment
from segmentation.photos import Photo, find_photos, read_photo
from segmentation.preprocess import canvas_of
from segmentation.runtime import RuntimeOptions
from segmentation.segmented_photo import Segmentation
from segmentation.segmenter import Segmenter

PHOTOS: Final = 192
AT_ONCE: Final = 8
ROUNDS: Final = 5


@dataclass(frozen=True)
class NetworkFigures:
    """Photos per second of the segmentation network, and the agreement of both runtimes.

    Attributes:
        agreement: share of mask pixels with the same class.
        cosine, least_cosine: mean and least cosine of a garment's style vector from both.
    """

    photos: int
    network: str
    runtime: str
    per_second: float
    eager_per_second: float
    times_eager: float
    agreement: float
    cosine: float
    least_cosine: float


def measure_networks(source: Path | None, options: RuntimeOptions, count: int) -> NetworkFigures:
    """Speed and agreement of the shipped network on `count` photos (None: drawn ones)."""
    photos = _read(source, count)
    slow = Segmenter.load(options=replace(options, name="torch"))
    fast = Segmenter.load(options=options)
    found, expected = fast.segment(photos), slow.segment(photos)
    masks = [(one.mask, other.mask) for one, other in zip(found, expected, strict=True)]
    same = sum(int((one == other).sum()) for one, other in masks)
    cosines = _cosines(photos, found, slow, fast)
    speed, eager = _speeds(photos, (fast, slow))
    figures = NetworkFigures(
        photos=len(photos),
        network=fast.fingerprint,
        runtime=fast.runtime,
        per_second=speed,
        eager_per_second=eager,
        times_eager=speed / eager,
        agreement=same / sum(one.size for one, _ in masks),
        cosine=float(cosines.mean()),
        least_cosine=float(cosines.min()),
    )
    log(
        f"{figures.network}: {speed:.1f}/s with {figures.runtime}, {eager:.1f} eager, "
        f"{figures.times_eager:.1f} times; agreement {figures.agreement:.5f}, "
        f"cosine {figures.cosine:.5f}, least {figures.least_cosine:.5f}"
    )
    return figures


def _cosines(
    photos: list[Photo], found: list[Segmentation], slow: Segmenter, fast: Segmenter
) -> npt.NDArray[np.float32]:
    """Cosine of each largest garment's style vectors from the features of both runtimes."""
    garments = [
        SegmentedGarment(photo, each.garments[0])
        for photo, each in zip(photos, found, strict=True)
        if each.garments
    ]
    one, other = (
        Encoder.load(SHIPPED_ENCODER, backbone).encode(garments) for backbone in (slow, fast)
    )
    return np.asarray((one * other).sum(axis=1))


def _speeds(photos: list[Photo], networks: Sequence[Segmenter]) -> list[float]:
    """Photos per second of each network, the best of alternating rounds."""
    canvases = [canvas_of(photo, networks[0].preprocessing) for photo in photos]
    upright = [canvas for canvas in canvases if canvas.shape == canvases[0].shape]
    batches = [np.stack(upright[at : at + AT_ONCE]) for at in range(0, len(upright), AT_ONCE)]
    best = [0.0] * len(networks)
    for _ in range(ROUNDS):
        for number, network in enumerate(networks):
            with ThreadPoolExecutor(network.calls_at_once) as threads:
                start = time.perf_counter()
                list(threads.map(network.run, batches))
                taken = time.perf_counter() - start
            best[number] = max(best[number], len(upright) / taken)
    return best


def _read(source: Path | None, count: int) -> list[Photo]:
    with TemporaryDirectory() as folder:
        if source is None:
            source = Path(folder) / "photos"
            write_photos(source, count, None)
        return [read_photo(path) for path in find_photos(source)[:count]]
