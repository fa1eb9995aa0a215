"""Clothing Co-Parsing or the clothing dataset in, a folder of pairs (`segmentation.pairs`) out.

CCP's masks come from its own labels, those of the clothing dataset from GrabCut and its labels.
"""

import csv
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final

import numpy as np

from segmentation.classes import (
    CLOTHING_CLASSES,
    CLOTHING_NOT_GARMENTS,
    GarmentClass,
    ccp_lookup,
)
from segmentation.errors import DatasetError, UnreadablePhoto
from segmentation.mask import ClassMask
from segmentation.pairs import (
    LeftOut,
    Pair,
    PairsFolder,
    Progress,
    load_mask,
    no_progress,
    prepare_folder,
    save_mask,
    write_manifest,
)
from segmentation.parts import ccp_part_lookup
from segmentation.photos import read_photo
from segmentation.splits import Split, split_groups

CCP_TEST_PHOTOS: Final = 100
CCP_VAL_PHOTOS: Final = 60
CLOTHING_TEST_PHOTOS: Final = 700
CLOTHING_VAL_PHOTOS: Final = 300


CCP_TWINS: Final = frozenset({"0990", "1707", "1913"})
"""Copies of held-out CCP photos under another number; left out, so that none is trained on."""
UNREADABLE: Final = "unreadable"


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
