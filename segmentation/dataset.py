"""Original datasets in, folders of photo and mask pairs with a manifest out.

A pairs folder is what training and evaluation read:

    DIR/photos/NAME.jpg   the original bytes
    DIR/masks/NAME.png    8-bit class mask at the photo's size
    DIR/parts/NAME.png    the same in `segmentation.parts`, where the dataset knows them
    DIR/manifest.csv      name, source, group, split, label

Photos without a mask, of the sources in UNMASKED, teach by their label or tags alone.
"""

import csv
import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from segmentation.classes import (
    CLOTHING_CLASSES,
    CLOTHING_NOT_GARMENTS,
    GarmentClass,
    ccp_lookup,
)
from segmentation.errors import DatasetError, UnreadablePhoto
from segmentation.parts import ccp_part_lookup
from segmentation.photos import read_photo
from segmentation.splits import SPLITS, Split, split_groups

CCP_TEST_PHOTOS: Final = 100
CCP_VAL_PHOTOS: Final = 60
CLOTHING_TEST_PHOTOS: Final = 700
CLOTHING_VAL_PHOTOS: Final = 300


@dataclass(frozen=True)
class DataSource:
    """Where pairs come from, for the cards of what was trained on them."""

    title: str
    licence: str


DATA_SOURCES: Final = {
    "ccp": DataSource("Clothing Co-Parsing (Yang, Luo, Lin, CVPR 2014)", "Apache-2.0"),
    "clothing": DataSource("Clothing dataset (A. Grigorev, 2020), masks by GrabCut", "CC0-1.0"),
    "ccp-tagged": DataSource("Clothing Co-Parsing, photos with tags only", "Apache-2.0"),
    "clothing-unmasked": DataSource(
        "Clothing dataset, photos that GrabCut could not cut", "CC0-1.0"
    ),
    "found": DataSource("Train photos with masks by the segmenter", "as the photos"),
    "imaterialist": DataSource("iMaterialist Fashion 2019 (FGVC6)", "competition data, see Kaggle"),
    "drawn": DataSource("Garments drawn by segmentation.synthetic", "MIT"),
}

CCP_TWINS: Final = frozenset({"0990", "1707", "1913"})
"""Copies of held-out CCP photos under another number; left out, so that none is trained on."""
UNREADABLE: Final = "unreadable"
UNMASKED: Final = frozenset({"ccp-tagged", "clothing-unmasked"})
"""Sources of photos without masks: training alone uses them."""

ClassMask = npt.NDArray[np.uint8]
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


def create_ccp(source: Path, out: Path, progress: Progress = no_progress) -> PairsFolder:
    """Pairs from Clothing Co-Parsing: `photos/`, `masks/`, `labels.txt`; 59 labels -> 4 classes."""
    labels = source / "labels.txt"
    photos = [
        path for path in sorted((source / "photos").glob("*.jpg")) if path.stem not in CCP_TWINS
    ]
    if not labels.is_file() or not photos:
        raise DatasetError(f"{source} has no labels.txt and photos/*.jpg; name the CCP folder")
    names = labels.read_text().splitlines()
    class_of, part_of = ccp_lookup(names), ccp_part_lookup(names)
    splits = split_groups([path.stem for path in photos], CCP_TEST_PHOTOS, CCP_VAL_PHOTOS)
    prepare_folder(out)
    pairs = []
    for done, photo in enumerate(photos, 1):
        values = load_mask(source / "masks" / f"{photo.stem}.png")
        save_mask(class_of[values], out / "masks" / f"{photo.stem}.png")
        save_mask(part_of[values], out / "parts" / f"{photo.stem}.png")
        shutil.copyfile(photo, out / "photos" / photo.name)
        pairs.append(Pair(photo.stem, "ccp", f"ccp-{photo.stem}", splits[photo.stem]))
        progress(done, len(photos))
    return write_manifest(out, pairs)


def create_ccp_tagged(source: Path, out: Path, progress: Progress = no_progress) -> PairsFolder:
    """Clothing Co-Parsing's photos with tags only: `tagged/`, `tagged.csv`. No masks, all train."""
    table = source / "tagged.csv"
    if not table.is_file():
        raise DatasetError(f"{source} has no tagged.csv; name the CCP folder")
    prepare_folder(out)
    with table.open(newline="", encoding="utf-8-sig") as lines:
        rows = [(row["id"], row["tags"]) for row in csv.DictReader(lines)]
    pairs = []
    for done, (name, tags) in enumerate(rows, 1):
        photo = source / "tagged" / f"{name}.jpg"
        if photo.is_file() and name not in CCP_TWINS:
            shutil.copyfile(photo, out / "photos" / photo.name)
            pairs.append(Pair(name, "ccp-tagged", f"ccp-{name}", "train", tags))
        progress(done, len(rows))
    return write_manifest(out, pairs)


@dataclass(frozen=True)
class ClothingPhoto:
    """One row of the clothing dataset's images.csv."""

    image: str
    sender_id: str
    label: str


def read_clothing(source: Path) -> list[ClothingPhoto]:
    """Rows of `images.csv` whose label says what is on the photo."""
    table = source / "images.csv"
    if not table.is_file():
        raise DatasetError(f"{source} has no images.csv; name the clothing dataset's folder")
    columns = [field.name for field in fields(ClothingPhoto)]
    with table.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.DictReader(lines)
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise DatasetError(f"{table} lacks the column {', '.join(missing)}; download it again")
        rows = [ClothingPhoto(*(row[column] or "" for column in columns)) for row in reader]
    return [row for row in rows if row.label in CLOTHING_CLASSES.keys() | CLOTHING_NOT_GARMENTS]


def clothing_splits(rows: Iterable[ClothingPhoto]) -> dict[str, Split]:
    """Split of each sender; the encoder is trained and judged on the same one."""
    senders = [row.sender_id for row in rows]
    return dict(split_groups(senders, CLOTHING_TEST_PHOTOS, CLOTHING_VAL_PHOTOS))


def create_clothing(
    source: Path, out: Path, workers: int = 2, progress: Progress = no_progress
) -> PairsFolder:
    """Pairs from the clothing dataset: GrabCut makes the mask, the label gives its class.

    A photo of a hat or of shoes has an all-background mask. A garment whose mask cannot
    be trusted is left out, but for training, where its label still teaches; a photo that
    cannot be read is left out. Beside the
    manifest lies `labels.csv`, which names every garment photo for evaluating retrieval.
    """
    rows = read_clothing(source)
    splits = clothing_splits(rows)
    prepare_folder(out)
    _write_retrieval_labels(out, rows, splits)
    pairs: list[Pair] = []
    left_out: list[LeftOut] = []
    with ProcessPoolExecutor(workers) as pool:
        masks = pool.map(_clothing_mask, [source] * len(rows), rows, chunksize=8)
        for done, (row, mask) in enumerate(zip(rows, masks, strict=True), 1):
            progress(done, len(rows))
            split = splits[row.sender_id]
            pair = Pair(row.image, "clothing", f"sender-{row.sender_id}", split, row.label)
            if isinstance(mask, LeftOut):
                left_out.append(mask)
                if split != "train" or mask.reason.startswith(UNREADABLE):
                    continue
                pair = replace(pair, source="clothing-unmasked")
            else:
                save_mask(mask, out / "masks" / f"{row.image}.png")
            shutil.copyfile(_clothing_photo(source, row), out / "photos" / f"{row.image}.jpg")
            pairs.append(pair)
    return write_manifest(out, pairs, left_out)


def _write_retrieval_labels(
    out: Path, rows: Iterable[ClothingPhoto], splits: Mapping[str, Split]
) -> None:
    """`labels.csv` for `apparel evaluate retrieval`: test senders ask, all others answer."""
    with (out / "labels.csv").open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        writer.writerow(("photo", "label", "group", "role"))
        for row in rows:
            if row.label in CLOTHING_CLASSES:
                role = "query" if splits[row.sender_id] == "test" else "gallery"
                writer.writerow((f"{row.image}.jpg", row.label, f"sender-{row.sender_id}", role))


def _clothing_photo(source: Path, row: ClothingPhoto) -> Path:
    return source / "photos" / f"{row.image}.jpg"


def _clothing_mask(source: Path, row: ClothingPhoto) -> ClassMask | LeftOut:
    # OpenCV is an extra that only this step needs.
    from segmentation.grabcut import cut_garment

    try:
        photo = read_photo(_clothing_photo(source, row))
    except UnreadablePhoto as error:
        return LeftOut(row.image, f"{UNREADABLE}: {error}")
    if row.label in CLOTHING_NOT_GARMENTS:
        return np.zeros(photo.shape[:2], np.uint8)
    cut = cut_garment(photo)
    if cut.mask is None:
        return LeftOut(row.image, cut.reason)
    garment_class = CLOTHING_CLASSES.get(row.label, GarmentClass.BACKGROUND)
    return np.where(cut.mask, garment_class, GarmentClass.BACKGROUND).astype(np.uint8)
