"""Pairs of photo and mask in, a folder with a manifest out; and read back, and cleared.

A pairs folder is what training and evaluation read:

    DIR/photos/NAME.jpg   the original bytes
    DIR/masks/NAME.png    8-bit class mask at the photo's size
    DIR/parts/NAME.png    the same in `segmentation.parts`, where the dataset knows them
    DIR/manifest.csv      name, source, group, split, label

Photos without a mask, of the sources in UNMASKED, teach by their label or tags alone.
"""

import csv
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from segmentation.errors import DatasetError
from segmentation.mask import ClassMask
from segmentation.splits import SPLITS, Split


@dataclass(frozen=True)
class DataSource:
    """Where pairs come from, for the cards of what was trained on them."""

    title: str
    licence: str


SEEN_AGAIN: Final = "seen-again"
"""Source of train photos that were changed and segmented anew."""
DATA_SOURCES: Final = {
    "ccp": DataSource("Clothing Co-Parsing (Yang, Luo, Lin, CVPR 2014)", "Apache-2.0"),
    "clothing": DataSource("Clothing dataset (A. Grigorev, 2020), masks by GrabCut", "CC0-1.0"),
    "ccp-tagged": DataSource("Clothing Co-Parsing, photos with tags only", "Apache-2.0"),
    "clothing-unmasked": DataSource(
        "Clothing dataset, photos that GrabCut could not cut", "CC0-1.0"
    ),
    "found": DataSource("Train photos with masks by the segmenter", "as the photos"),
    SEEN_AGAIN: DataSource("The same garments after a hard change, found again", "as the photos"),
    "imaterialist": DataSource("iMaterialist Fashion 2019 (FGVC6)", "competition data, see Kaggle"),
    "drawn": DataSource("Garments drawn by segmentation.synthetic", "MIT"),
}

UNMASKED: Final = frozenset({"ccp-tagged", "clothing-unmasked"})
"""Sources of photos without masks: training alone uses them."""

Progress = Callable[[int, int], None]
"""Called with (done, total)."""


def no_progress(done: int, total: int) -> None:
    """Say nothing: the default of every `progress`."""


@dataclass(frozen=True)
class Pair:
    """One photo with its mask, and where it comes from."""

    name: str
    source: str
    group: str
    split: Split
    label: str = ""

    @property
    def masked(self) -> bool:
        """Whether there is a mask."""
        return self.source not in UNMASKED


@dataclass(frozen=True)
class LeftOut:
    """A photo of the original dataset that became no pair, and why."""

    source: str
    reason: str


@dataclass(frozen=True)
class PairsFolder:
    """A folder of pairs on disk; `left_out` is known only to the run that made it."""

    root: Path
    pairs: tuple[Pair, ...]
    left_out: tuple[LeftOut, ...] = ()

    def photo_path(self, pair: Pair) -> Path:
        """Where the pair's photo lies."""
        return self.root / "photos" / f"{pair.name}.jpg"

    def mask_path(self, pair: Pair) -> Path:
        """Where the pair's mask lies."""
        return self.root / "masks" / f"{pair.name}.png"

    def parts_path(self, pair: Pair) -> Path:
        """Where the pair's parts lie, if the dataset knows them."""
        return self.root / "parts" / f"{pair.name}.png"

    def masked(self) -> "PairsFolder":
        """The same folder without the photos that have no mask."""
        return PairsFolder(self.root, tuple(each for each in self.pairs if each.masked))

    def of_split(self, split: Split) -> "PairsFolder":
        """The same folder, seen through one split."""
        return PairsFolder(self.root, tuple(each for each in self.pairs if each.split == split))


def read_pairs(root: Path) -> PairsFolder:
    """Read a pairs folder's manifest; DatasetError if it is not one."""
    manifest = root / "manifest.csv"
    if not manifest.is_file():
        raise DatasetError(f"{root} has no manifest.csv; make it with `apparel dataset`")
    with manifest.open(newline="", encoding="utf-8") as lines:
        pairs = tuple(_pair_of(row, manifest) for row in csv.DictReader(lines))
    return PairsFolder(root, pairs)


def _pair_of(row: dict[str, str], manifest: Path) -> Pair:
    missing = [field.name for field in fields(Pair) if row.get(field.name) is None]
    if missing or row["split"] not in SPLITS:
        raise DatasetError(
            f"{manifest} lacks {', '.join(missing) or 'a known split'}; "
            "make it again with `apparel dataset`"
        )
    return Pair(row["name"], row["source"], row["group"], row["split"], row["label"])


def write_manifest(
    root: Path, pairs: Iterable[Pair], left_out: Iterable[LeftOut] = ()
) -> PairsFolder:
    """Write the manifest of a folder whose photos and masks are in place."""
    folder = PairsFolder(root, tuple(pairs), tuple(left_out))
    with (root / "manifest.csv").open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, [field.name for field in fields(Pair)])
        writer.writeheader()
        writer.writerows(asdict(pair) for pair in folder.pairs)
    return folder


def prepare_folder(root: Path) -> None:
    """Make the folders of a pairs folder."""
    for name in ("photos", "masks", "parts"):
        (root / name).mkdir(parents=True, exist_ok=True)


def clear_earlier_pairs(root: Path, source: str) -> None:
    """Delete the pairs that an earlier run for this source left in `root`, by its manifest.

    Raises:
        DatasetError: the folder holds pairs of another source; nothing is deleted.
    """
    if not (root / "manifest.csv").exists():
        return
    earlier = read_pairs(root)
    if any(pair.source != source for pair in earlier.pairs):
        raise DatasetError(f"{root} holds pairs of another dataset; name an empty folder")
    (root / "manifest.csv").unlink()
    for pair in earlier.pairs:
        earlier.photo_path(pair).unlink(missing_ok=True)
        earlier.mask_path(pair).unlink(missing_ok=True)
        earlier.parts_path(pair).unlink(missing_ok=True)


def save_mask(mask: ClassMask, path: Path) -> None:
    """Write a class mask as 8-bit PNG."""
    Image.fromarray(mask).save(path)


def load_mask(path: Path) -> ClassMask:
    """Read a class mask (H, W); DatasetError if there is none or it is not one 8-bit channel."""
    try:
        with Image.open(path) as image:
            if image.mode not in ("L", "P"):
                raise DatasetError(
                    f"{path} is a {image.mode} picture; a mask is 8-bit, one channel"
                )
            return np.array(image, np.uint8)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read as a mask; put the original there") from error
