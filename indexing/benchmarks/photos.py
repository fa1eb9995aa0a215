"""Write photo files for benchmarks, drawn or from a folder, all with different bytes."""

import io
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from segmentation.drawing.draw import draw_photo
from segmentation.photos import find_photos

DRAWN: Final = 48
"""Photos drawn where no folder is given; they are repeated with other bytes."""
DRAWN_SIZES: Final = ((750, 1000),)
SMALL_SIZES: Final = tuple((side, side * 4 // 3) for side in range(90, 330, 5))
"""Many sizes, so that freed buffers are not simply reused; small enough for 100,000 on disk."""
Sizes = Sequence[tuple[int, int]]
QUALITY: Final = 88


def write_photos(out: Path, count: int, source: Path | None, sizes: Sizes = DRAWN_SIZES) -> None:
    """Write `count` photo files below `out`, all with different bytes.

    Args:
        source: folder of photos to repeat; None draws some.
        sizes: width and height of the drawn photos in pixels, in rotation.
    """
    out.mkdir(parents=True)
    originals = _drawn(sizes) if source is None else [path.read_bytes() for path in _found(source)]
    for number, data in enumerate(islice(cycle(originals), count)):
        # Decoders ignore bytes after the image's end, the content hash does not.
        own = f"{out.name} {number}".encode()
        (out / f"{out.name}-{number:06}.jpg").write_bytes(data + own)


def _found(source: Path) -> list[Path]:
    paths = [path for path in find_photos(source) if path.suffix.lower() in {".jpg", ".jpeg"}]
    if not paths:
        raise FileNotFoundError(2, "holds no JPEG photo; name another --photos", str(source))
    # Bounds the memory for a large folder; neighbouring photos are often alike.
    return paths[:: max(1, len(paths) // 400)]


def _drawn(sizes: Sizes) -> list[bytes]:
    files = []
    for seed, size in zip(range(DRAWN), cycle(sizes), strict=False):
        file = io.BytesIO()
        drawn = draw_photo(np.random.default_rng(seed), size=size)
        Image.fromarray(drawn.photo).save(file, "JPEG", quality=QUALITY)
        files.append(file.getvalue())
    return files
