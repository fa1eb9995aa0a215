"""Pairs folders, the format of data for training and evaluation.

DIR/photos/NAME.jpg   the original bytes
DIR/masks/NAME.png    8-bit class mask at the photo's size
DIR/parts/NAME.png    the same with parts (`segmentation.data.labels`), where known
DIR/manifest.csv      name, source, group, split, label
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from PIL import Image

from segmentation.classes import CLOTHING_CLASSES, GarmentClass
from segmentation.data.splits import SPLITS, Split
from segmentation.errors import DatasetError
from segmentation.mask import ClassMask

Item = TypeVar("Item")


@dataclass(frozen=True)
class DataSource:
    """A dataset, for the cards of weights trained on it."""

    title: str
    licence: str


STREET: Final = "ccp"
"""Source of street photos; all others show one product."""
DATA_SOURCES: Final = {
    STREET: DataSource("Clothing Co-Parsing (Yang, Luo, Lin, CVPR 2014)", "Apache-2.0"),
    "clothing": DataSource("Clothing dataset (A. Grigorev, 2020), masks by GrabCut", "CC0-1.0"),
    "imaterialist": DataSource("iMaterialist Fashion 2019 (FGVC6)", "competition data, see Kaggle"),
    "drawn": DataSource("Garments drawn by segmentation.drawing", "MIT"),
}


@dataclass(frozen=True)
class Pair:
    """A photo with its mask and origin.

    Attributes:
        label: the clothing dataset's label of the garment; of several garments theirs, joined by
            bars in descending order of area.
    """

    name: str
    source: str
    group: str
    split: Split
    label: str = ""

    @property
    def kinds(self) -> dict[GarmentClass, str]:
        """The clothing dataset's label of the largest labelled garment of each class."""
        labels = [each for each in self.label.split("|") if each in CLOTHING_CLASSES]
        # In reverse, so that the label of the largest area is written last.
        return {CLOTHING_CLASSES[each]: each for each in labels[::-1]}


@dataclass(frozen=True)
class LeftOut:
    """A photo of the original dataset that was left out, and the reason."""

    source: str
    reason: str


@dataclass(frozen=True)
class PairsFolder:
    """A folder of pairs on disk; `left_out` is only set by the run that made it."""

    root: Path
    pairs: tuple[Pair, ...]
    left_out: tuple[LeftOut, ...] = ()

    def photo_path(self, pair: Pair) -> Path:
        return self.root / "photos" / f"{pair.name}.jpg"

    def mask_path(self, pair: Pair) -> Path:
        return self.root / "masks" / f"{pair.name}.png"

    def parts_path(self, pair: Pair) -> Path:
        """Path of the pair's parts, which may not exist."""
        return self.root / "parts" / f"{pair.name}.png"

    def of_split(self, split: Split) -> "PairsFolder":
        return PairsFolder(self.root, tuple(each for each in self.pairs if each.split == split))


def read_pairs(root: Path) -> PairsFolder:
    """Read a pairs folder; DatasetError if it is not one."""
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


def spread(items: Sequence[Item], limit: int | None) -> Sequence[Item]:
    """At most `limit` evenly spaced items, such as pairs; None: all."""
    return items[:: max(1, len(items) // limit)][:limit] if limit else items


def write_manifest(
    root: Path, pairs: Iterable[Pair], left_out: Iterable[LeftOut] = ()
) -> PairsFolder:
    """Write the manifest of a folder that already has its photos and masks."""
    folder = PairsFolder(root, tuple(pairs), tuple(left_out))
    with (root / "manifest.csv").open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, [field.name for field in fields(Pair)])
        writer.writeheader()
        writer.writerows(asdict(pair) for pair in folder.pairs)
    return folder


def prepare_folder(root: Path) -> None:
    """Create the subfolders of a pairs folder."""
    for name in ("photos", "masks", "parts"):
        (root / name).mkdir(parents=True, exist_ok=True)


def clear_earlier_pairs(root: Path, source: str) -> None:
    """Delete earlier pairs of this source; DatasetError if there are others."""
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
    """Read a class mask (H, W); DatasetError if it is missing or not a single 8-bit channel."""
    try:
        with Image.open(path) as image:
            if image.mode not in ("L", "P"):
                raise DatasetError(
                    f"{path} is a {image.mode} picture; a mask is 8-bit, one channel"
                )
            return np.array(image, np.uint8)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read as a mask; put the original there") from error
