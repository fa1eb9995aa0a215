"""Index a feed with photos broken in ten ways; each must be reported with its reason.

    python -m indexing.benchmarks.broken_files [--files 10000] [--broken 100]

The intact photos are a few drawn ones with a number in each file, so that no two files are equal
and the models process every one.
"""

import argparse
import csv
import io
import os
import random
import struct
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from catalog.feeds.reader import read_feed
from indexing.benchmarks.report import log, print_document
from indexing.bulk.rejects import write_rejects
from indexing.collection import IndexProgress, IndexSummary, open_collection
from indexing.types import Embedder
from segmentation.drawing import KINDS, Scene, draw_photo, random_design
from segmentation.photos import MAX_BYTES, read_photo
from segmentation.runtime import RuntimeOptions

FILES: Final = 10_000
BROKEN: Final = 100
DRAWN: Final = 24
SIZE: Final = (360, 480)
"""Width and height of the drawn photos in pixels."""
SEED: Final = 20
SECONDS_BETWEEN_LINES: Final = 30.0


@dataclass(frozen=True)
class BrokenFiles:
    """Counts of the files; `wrong` names those with an unexpected outcome."""

    files: int
    broken: int
    indexed: int
    reported: int
    by_reason: dict[str, int]
    wrong: tuple[str, ...]
    problems: tuple[str, ...]
    seconds: float
    photos_per_second: float

    @property
    def passed(self) -> bool:
        """Whether every file had the expected outcome."""
        counted = self.indexed == self.files - self.broken and self.reported == self.broken
        return counted and not self.wrong and not self.problems


def _saved(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=90)
    return buffer.getvalue()


def _damaged_png(photo: bytes) -> bytes:
    data = bytearray(_saved(Image.open(io.BytesIO(photo)), "PNG"))
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(64)
    return bytes(data)


def _oversized_png(_photo: bytes) -> bytes:
    """A few bytes whose header claims 50,000 x 50,000 pixels."""
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def _tiny(photo: bytes) -> bytes:
    return _saved(Image.open(io.BytesIO(photo)).resize((4, 4)), "PNG")


_NOT_THERE: Final = b"(not written)"
_TOO_LONG: Final = b"(made longer than the limit)"
WAYS: Final[dict[str, tuple[Callable[[bytes], bytes], str]]] = {
    "empty": (lambda photo: b"", "empty"),
    "text": (lambda photo: b"the photographer is ill", "not_a_photo"),
    "a web page": (lambda photo: b"<!doctype html><title>404</title>", "not_a_photo"),
    "a PDF": (lambda photo: b"%PDF-1.7\n" + photo, "not_a_photo"),
    "a JPEG cut short": (lambda photo: photo[: len(photo) // 2], "damaged"),
    "a PNG with zeros inside": (_damaged_png, "damaged"),
    "a PNG of 2,500 megapixels": (_oversized_png, "too_many_pixels"),
    "4 x 4 pixels": (_tiny, "too_small"),
    "over the limit of bytes": (lambda photo: _TOO_LONG, "too_large"),
    "absent": (lambda photo: _NOT_THERE, "absent"),
}
"""Kind of damage -> a function that damages a photo's bytes, and the expected error code."""


def _write(path: Path, data: bytes) -> None:
    if data == _NOT_THERE:
        return
    path.write_bytes(data)
    if data == _TOO_LONG:
        os.truncate(path, MAX_BYTES + 1)  # a sparse file


def numbered(photo: bytes, number: int) -> bytes:
    """Write a number into a JPEG's comment: different bytes, the same pixels."""
    comment = str(number).encode()
    return photo[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + photo[2:]


def write_shop(folder: Path, photos: Sequence[bytes], files: int, broken: int) -> dict[str, str]:
    """Write `files` photos and feed.csv; return product id -> error code of the broken ones."""
    rng = random.Random(SEED)
    places = dict(zip(rng.sample(range(files), broken), range(broken), strict=True))
    ways = list(WAYS.values())
    expected: dict[str, str] = {}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "feed.csv").open("w", newline="", encoding="utf-8") as file:
        feed = csv.writer(file)
        feed.writerow(("id", "title", "photo"))
        for number in range(files):
            name = f"{number:06}.jpg"
            data = numbered(photos[number % len(photos)], number)
            if number in places:
                make, expected[f"p{number}"] = ways[places[number] % len(ways)]
                data = make(photos[number % len(photos)])
            _write(folder / name, data)
            feed.writerow((f"p{number}", f"Product {number}", name))
    return expected


def index_shop(folder: Path, embedder: Embedder, expected: dict[str, str]) -> BrokenFiles:
    """Index the shop in `folder` and compare the rejects with the broken files."""
    start = time.perf_counter()
    feed = read_feed(folder / "feed.csv")
    collection = open_collection(folder / "data", embedder)
    try:
        summary = collection.index(feed, on_progress=_progress())
        write_rejects(folder / "data" / "rejects.csv", summary, feed)
        problems = tuple(collection.verify())
    finally:
        collection.close()
    return BrokenFiles(
        files=len(feed.rows),
        broken=len(expected),
        indexed=summary.indexed,
        reported=_reported(folder / "data" / "rejects.csv"),
        by_reason=dict(sorted(Counter(skip.code for skip in summary.skips).items())),
        wrong=_wrong(summary, expected),
        problems=problems,
        seconds=round(time.perf_counter() - start, 1),
        photos_per_second=round(summary.photos_per_second, 1),
    )


def _reported(rejects: Path) -> int:
    """Number of rows in rejects.csv with an id and a reason."""
    with rejects.open(newline="", encoding="utf-8") as file:
        return sum(bool(row["id"] and row["reason"]) for row in csv.DictReader(file))


def _wrong(summary: IndexSummary, expected: dict[str, str]) -> tuple[str, ...]:
    found = {skip.source.product_id: skip.code for skip in summary.skips}
    return tuple(
        f"{product_id}: {found.get(product_id, 'indexed')}, not {expected.get(product_id, 'taken')}"
        for product_id in sorted(found.keys() | expected.keys())
        if found.get(product_id) != expected.get(product_id)
    )


def _progress() -> Callable[[IndexProgress], None]:
    reported_at = time.monotonic()

    def report(progress: IndexProgress) -> None:
        nonlocal reported_at
        if time.monotonic() - reported_at >= SECONDS_BETWEEN_LINES:
            reported_at = time.monotonic()
            log(f"  {progress.done} of {progress.total}, {progress.photos_per_second:.1f} a second")

    return report


def drawn_photos(embedder: Embedder, count: int = DRAWN) -> list[bytes]:
    """JPEG files of drawn garments on a plain background in which a garment is detected."""
    rng = np.random.default_rng(SEED)
    kinds = list(KINDS)
    found = []
    for number in range(count):
        design = random_design(rng, kinds[number % len(kinds)])
        photo = _saved(
            Image.fromarray(draw_photo(rng, Scene.FLAT, design, size=SIZE).photo), "JPEG"
        )
        if embedder.embed([read_photo(photo)])[0].garments:
            found.append(photo)
    return found


def broken_files(files: int = FILES, broken: int = BROKEN) -> BrokenFiles:
    """Draw photos, damage some, index them with the shipped models, and compare the outcomes."""
    from indexing.embedding.wiring import load_embedder

    embedder = load_embedder(options=RuntimeOptions())
    log(f"drawing {DRAWN} photos")
    photos = drawn_photos(embedder)
    log(f"indexing {files} files made of {len(photos)} of them, {broken} broken")
    with tempfile.TemporaryDirectory(prefix="apparel-broken-") as folder:
        expected = write_shop(Path(folder), photos, files, broken)
        return index_shop(Path(folder), embedder, expected)


def main() -> None:
    """Entry point of `python -m indexing.benchmarks.broken_files`; exit 1 if a file is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--broken", type=int, default=BROKEN)
    given = parser.parse_args()
    result = broken_files(given.files, given.broken)
    print_document({"broken-files": result})
    raise SystemExit(not result.passed)


if __name__ == "__main__":
    main()
