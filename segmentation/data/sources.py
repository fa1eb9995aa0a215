"""Make pairs folders from Clothing Co-Parsing and the clothing dataset.

CCP has pixel labels; the masks of the clothing dataset come from GrabCut and its image labels.
"""

import csv
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np

from segmentation.classes import (
    CCP_KINDS,
    CLOTHING_CLASSES,
    CLOTHING_NOT_GARMENTS,
    GarmentClass,
    ccp_lookup,
)
from segmentation.data.corrections import corrected_values
from segmentation.data.labels import ccp_part_lookup
from segmentation.data.pairs import (
    STREET,
    LeftOut,
    Pair,
    PairsFolder,
    load_mask,
    prepare_folder,
    save_mask,
    write_manifest,
)
from segmentation.data.reviewed_masks import clothing_mask, tagged_photos, tagged_values
from segmentation.data.splits import Split, split_groups
from segmentation.errors import DatasetError, UnreadablePhoto
from segmentation.mask import ClassMask
from segmentation.photos import read_photo
from segmentation.progress import Progress, no_progress

CCP_TEST_PHOTOS: Final = 100
CCP_VAL_PHOTOS: Final = 60
CLOTHING_TEST_PHOTOS: Final = 700
CLOTHING_VAL_PHOTOS: Final = 300


CCP_LEFT_OUT: Final = frozenset({"0312", "0536", "0990", "1707", "1913"})
"""CCP photos that are not used: a coat with an empty mask (0536) and, so that they are not
trained on, duplicates of held-out photos and another photo of one's person and outfit (0312)."""


def create_ccp(
    source: Path, out: Path, progress: Progress = no_progress, *, as_published: bool = False
) -> PairsFolder:
    """Make pairs from Clothing Co-Parsing (`photos/`, `masks/`, `tagged/`, `labels.txt`).

    Its photos without masks (`tagged/`) are train pairs with masks of our own
    (`data.reviewed_masks`).

    Args:
        as_published: keep wrong labels (`data.corrections`) and leave out photos without masks.
    """
    labels = source / "labels.txt"
    photos = [
        path for path in sorted((source / "photos").glob("*.jpg")) if path.stem not in CCP_LEFT_OUT
    ]
    if not labels.is_file() or not photos:
        raise DatasetError(f"{source} has no labels.txt and photos/*.jpg; name the CCP folder")
    names = labels.read_text().splitlines()
    class_of, part_of = ccp_lookup(names), ccp_part_lookup(names)
    splits = split_groups([path.stem for path in photos], CCP_TEST_PHOTOS, CCP_VAL_PHOTOS)
    if not as_published:
        photos += tagged_photos(source / "tagged")
    prepare_folder(out)
    pairs = []
    for done, photo in enumerate(photos, 1):
        if photo.stem in splits:
            values = load_mask(source / "masks" / f"{photo.stem}.png")
        else:
            values = tagged_values(photo, names)
        if not as_published:
            values = corrected_values(photo.stem, values, names)
        save_mask(class_of[values], out / "masks" / f"{photo.stem}.png")
        save_mask(part_of[values], out / "parts" / f"{photo.stem}.png")
        shutil.copyfile(photo, out / "photos" / photo.name)
        label = "|".join(_kinds_by_area(values, names))
        split = splits.get(photo.stem, "train")
        pairs.append(Pair(photo.stem, STREET, f"ccp-{photo.stem}", split, label))
        progress(done, len(photos))
    return write_manifest(out, pairs)


def _kinds_by_area(values: ClassMask, names: Sequence[str]) -> list[str]:
    """Clothing-dataset labels of a photo's garments, in descending order of area."""
    areas: Counter[str] = Counter()
    for name, area in zip(names, np.bincount(values.ravel(), minlength=len(names)), strict=False):
        if area and name.strip() in CCP_KINDS:
            areas[CCP_KINDS[name.strip()]] += int(area)
    return [kind for kind, _ in areas.most_common()]


@dataclass(frozen=True)
class ClothingPhoto:
    """One row of the clothing dataset's images.csv."""

    image: str
    sender_id: str
    label: str

    def path(self, source: Path) -> Path:
        return source / "photos" / f"{self.image}.jpg"


def read_clothing(source: Path) -> list[ClothingPhoto]:
    """Read the rows of `images.csv` labelled as one garment, hat or pair of shoes."""
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
    """Split by sender, for segmenter and encoder alike."""
    senders = [row.sender_id for row in rows]
    return dict(split_groups(senders, CLOTHING_TEST_PHOTOS, CLOTHING_VAL_PHOTOS))


def create_clothing(
    source: Path, out: Path, workers: int = 2, progress: Progress = no_progress
) -> PairsFolder:
    """Make pairs from the clothing dataset, with masks by GrabCut and classes by label.

    A photo of a hat or shoes has an all-background mask; train photos whose GrabCut mask is wrong
    have a reviewed one (`data.reviewed_masks`). A photo without a reliable mask, or an unreadable
    one, is left out. Also writes `labels.csv`, which lists every garment photo for the evaluation
    of retrieval.
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
            if isinstance(mask, LeftOut):
                left_out.append(mask)
                continue
            save_mask(mask, out / "masks" / f"{row.image}.png")
            shutil.copyfile(row.path(source), out / "photos" / f"{row.image}.jpg")
            split = splits[row.sender_id]
            pairs.append(Pair(row.image, "clothing", f"sender-{row.sender_id}", split, row.label))
    return write_manifest(out, pairs, left_out)


def _write_retrieval_labels(
    out: Path, rows: Iterable[ClothingPhoto], splits: Mapping[str, Split]
) -> None:
    """Write `labels.csv` for `apparel evaluate retrieval`: queries are the test senders' photos."""
    with (out / "labels.csv").open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        writer.writerow(("photo", "label", "group", "role"))
        for row in rows:
            if row.label in CLOTHING_CLASSES:
                role = "query" if splits[row.sender_id] == "test" else "gallery"
                writer.writerow((f"{row.image}.jpg", row.label, f"sender-{row.sender_id}", role))


def _clothing_mask(source: Path, row: ClothingPhoto) -> ClassMask | LeftOut:
    # Only this step needs OpenCV.
    from segmentation.data.grabcut import cut_garment

    try:
        photo = read_photo(row.path(source))
    except UnreadablePhoto as error:
        return LeftOut(row.image, f"unreadable: {error}")
    if row.label in CLOTHING_NOT_GARMENTS:
        return np.zeros(photo.shape[:2], np.uint8)
    mask = clothing_mask(row.image)
    if mask is None:
        cut = cut_garment(photo)
        if cut.mask is None:
            return LeftOut(row.image, cut.reason)
        mask = cut.mask
    elif not mask.any():
        return LeftOut(row.image, "no mask is right")
    garment_class = CLOTHING_CLASSES.get(row.label, GarmentClass.BACKGROUND)
    return np.where(mask, garment_class, GarmentClass.BACKGROUND).astype(np.uint8)
