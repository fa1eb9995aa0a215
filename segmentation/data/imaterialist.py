"""Make a pairs folder from iMaterialist Fashion 2019.

Reads SOURCE/train.csv (Kaggle, FGVC6: one row per labelled region, with ImageId, EncodedPixels,
Height, Width and ClassId) and the photos in SOURCE/train/.

Of overlapping regions the smaller one is on top, of equal ones the later row. A bag or a tie on a
coat is therefore background, as in the CCP masks; garment parts (collar, sleeve, pocket) are not
painted.
"""

import csv
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from segmentation.classes import (
    IMATERIALIST_CLASSES,
    IMATERIALIST_PARTS,
    GarmentClass,
)
from segmentation.data.pairs import (
    LeftOut,
    Pair,
    PairsFolder,
    clear_earlier_pairs,
    prepare_folder,
    save_mask,
    write_manifest,
)
from segmentation.data.splits import split_groups
from segmentation.errors import DatasetError, UnreadablePhoto
from segmentation.mask import ClassMask
from segmentation.photos import MAX_PIXELS, decode_photo
from segmentation.progress import Progress, no_progress

SOURCE_NAME: Final = "imaterialist"
COLUMNS: Final = ("ImageId", "EncodedPixels", "Height", "Width", "ClassId")
DEFAULT_LIMIT: Final = 13_200
TEST_SHARE: Final = 0.05
VAL_SHARE: Final = 0.03
MAX_CELL: Final = 100_000_000
"""Maximum length of a CSV cell; large regions exceed the csv module's default of 131,072."""
EXIF_ORIENTATION: Final = 0x0112

Indices = npt.NDArray[np.int64]


class BadRow(ValueError):
    """A row of train.csv is invalid; the message has the reason."""


@dataclass(frozen=True, eq=False)
class LabelledRegion:
    """A labelled region: its class and its pixels, as indices in column-major order."""

    garment_class: GarmentClass
    pixels: Indices


@dataclass(frozen=True)
class RowIndex:
    """File offsets of each photo's rows in train.csv, so that it need not fit in memory."""

    path: Path
    header: tuple[str, ...]
    offsets: dict[str, list[int]]

    def rows_of(self, lines: BinaryIO, image_id: str) -> Iterator[dict[str, str]]:
        for offset in self.offsets[image_id]:
            lines.seek(offset)
            yield dict(zip(self.header, _cells(lines.readline(), self.path), strict=False))


def create_imaterialist(
    source: Path,
    out: Path,
    limit: int | None = DEFAULT_LIMIT,
    seed: int = 0,
    progress: Progress = no_progress,
) -> PairsFolder:
    """Write pairs named 000001, 000002... in the order of train.csv.

    Args:
        source: folder with train.csv and train/.
        out: the pairs folder; pairs of an earlier run are replaced.
        limit: maximum number of pairs, sampled by `seed`; None: all.
    Returns:
        The folder; its `left_out` has the unusable photos, which others of the sample replace.
    Raises:
        DatasetError: source is not that dataset, or out has another one.
    """
    photos = source / "train"
    if not photos.is_dir():
        raise DatasetError(f"{source} has no train/ folder; put the photos of train.csv there")
    index = index_rows(source / "train.csv")
    order = _sample_order(list(index.offsets), limit, seed)
    wanted = len(order) if limit is None else min(limit, len(order))
    clear_earlier_pairs(out, SOURCE_NAME)
    prepare_folder(out)
    stems: list[str] = []
    left_out: list[LeftOut] = []
    with index.path.open("rb") as lines:
        for image_id in order:
            if len(stems) == wanted:
                break
            try:
                _write_pair(index, lines, photos, image_id, out, f"{len(stems) + 1:06d}")
            except (UnreadablePhoto, BadRow) as error:
                left_out.append(LeftOut(image_id, str(error)))
            else:
                stems.append(Path(image_id).stem)
            progress(len(stems), wanted)
    return write_manifest(out, _pairs_of(stems), left_out)


def index_rows(table: Path) -> RowIndex:
    """Index train.csv by photo; DatasetError if it is missing, empty or lacks a column."""
    if not table.is_file():
        raise DatasetError(f"{table} is missing; name the folder with iMaterialist's train.csv")
    csv.field_size_limit(MAX_CELL)
    offsets: dict[str, list[int]] = {}
    with table.open("rb") as lines:
        header = tuple(_cells(lines.readline(), table))
        missing = [column for column in COLUMNS if column not in header]
        if missing:
            raise DatasetError(
                f"{table} lacks the column {', '.join(missing)}; use iMaterialist 2019's train.csv"
            )
        column = header.index("ImageId")
        offset = lines.tell()
        for line in lines:
            cells = _cells(line, table)
            if len(cells) > column:
                offsets.setdefault(cells[column], []).append(offset)
            offset += len(line)
    if not offsets:
        raise DatasetError(f"{table} has no rows; download it again")
    return RowIndex(table, header, offsets)


def _cells(line: bytes, table: Path) -> list[str]:
    text = line.decode("utf-8-sig", errors="replace").rstrip("\r\n")
    try:
        return next(csv.reader([text]), [])
    except csv.Error as error:
        raise DatasetError(f"{table} is no text table ({error}); download it again") from error


def _sample_order(image_ids: list[str], limit: int | None, seed: int) -> list[str]:
    """The sampled photos in file order, then the others in random order as replacements."""
    if limit is None or limit >= len(image_ids):
        return image_ids
    drawn = list(range(len(image_ids)))
    random.Random(seed).shuffle(drawn)
    return [image_ids[each] for each in sorted(drawn[:limit]) + drawn[limit:]]


def _write_pair(
    index: RowIndex, lines: BinaryIO, photos: Path, image_id: str, out: Path, name: str
) -> None:
    photo = _photo_path(photos, image_id)
    height, width = _checked_size(photo)
    mask = decode_mask(list(index.rows_of(lines, image_id)))
    if mask.shape != (height, width):
        resized = Image.fromarray(mask).resize((width, height), Image.Resampling.NEAREST)
        mask = np.asarray(resized, np.uint8)
    save_mask(mask, out / "masks" / f"{name}.png")
    shutil.copyfile(photo, out / "photos" / f"{name}.jpg")


def _photo_path(photos: Path, image_id: str) -> Path:
    if Path(image_id).name != image_id:
        raise BadRow(f"ImageId {image_id[:80]!r} is no file name")
    path = photos / image_id
    return path if path.suffix else path.with_name(f"{image_id}.jpg")


def _checked_size(photo: Path) -> tuple[int, int]:
    """Height and width of a photo that can be decoded and has no EXIF rotation."""
    decoded = decode_photo(photo, min_side=1)
    with Image.open(photo) as image:
        if image.getexif().get(EXIF_ORIENTATION, 1) != 1:
            # The orientation of the labelled regions is unknown.
            raise UnreadablePhoto("rotated", "EXIF turns the photo; its mask may not fit")
    return decoded.height, decoded.width


def _pairs_of(stems: list[str]) -> Iterator[Pair]:
    groups = [f"{SOURCE_NAME}-{stem}" for stem in stems]
    splits = split_groups(groups, int(len(stems) * TEST_SHARE), int(len(stems) * VAL_SHARE))
    for number, group in enumerate(groups, 1):
        yield Pair(f"{number:06d}", SOURCE_NAME, group, splits[group])


def decode_mask(rows: list[dict[str, str]]) -> ClassMask:
    """Paint the class mask (Height, Width) of one photo's rows; BadRow if one is invalid."""
    height, width = _size_of(rows)
    regions = [region for row in rows if (region := _region_of(row, height * width)) is not None]
    # The sort is stable: of equal sizes the later row is painted last.
    regions.sort(key=lambda region: -len(region.pixels))
    columns = np.zeros(height * width, np.uint8)
    for region in regions:
        columns[region.pixels] = region.garment_class
    return np.ascontiguousarray(columns.reshape(width, height).T)


def _size_of(rows: list[dict[str, str]]) -> tuple[int, int]:
    sizes = {(_whole_number(row, "Height"), _whole_number(row, "Width")) for row in rows}
    if len(sizes) != 1:
        raise BadRow("its rows give several sizes")
    height, width = sizes.pop()
    if height < 1 or width < 1 or height * width > MAX_PIXELS:
        raise BadRow(f"a row gives the size {width} x {height}")
    return height, width


def _whole_number(row: dict[str, str], column: str) -> int:
    text = row.get(column, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRow(f"{column} is {text[:20]!r}, not a number")
    return int(text)


def _region_of(row: dict[str, str], pixels: int) -> LabelledRegion | None:
    """The row's region; None for a garment part."""
    category = _category_of(row.get("ClassId", ""))
    if category in IMATERIALIST_PARTS:
        return None
    garment_class = IMATERIALIST_CLASSES.get(category, GarmentClass.BACKGROUND)
    return LabelledRegion(garment_class, decode_runs(row.get("EncodedPixels", ""), pixels))


def _category_of(class_id: str) -> int:
    """The category in a ClassId such as `6` or `31_1_0_93` (attributes follow the first `_`)."""
    category = class_id.split("_", 1)[0].strip()
    if not (category.isascii() and category.isdigit()):
        raise BadRow(f"ClassId {class_id[:20]!r} has no category")
    if int(category) > max(IMATERIALIST_PARTS):
        raise BadRow(f"ClassId {class_id[:20]!r} is not of the {max(IMATERIALIST_PARTS) + 1}")
    return int(category)


def decode_runs(text: str, pixels: int) -> Indices:
    """Decode runs "start length start length..." to 0-based indices, shape (sum of lengths,).

    Starts count from 1 in column-major order.

    Args:
        pixels: height times width of the photo.
    Raises:
        BadRow: not pairs of whole numbers, or a run outside of the photo.
    """
    try:
        numbers = np.array(text.split(), np.int64)
    except (ValueError, OverflowError) as error:
        raise BadRow("a row's runs are not whole numbers") from error
    if not numbers.size or numbers.size % 2:
        raise BadRow(f"a row has {numbers.size} numbers, not pairs of start and length")
    starts, lengths = numbers[::2] - 1, numbers[1::2]
    if starts.min() < 0 or lengths.min() < 1 or lengths.max() > pixels:
        raise BadRow("a row has a run that begins before 1 or is not of 1 to all pixels")
    if starts.max() >= pixels or (starts + lengths).max() > pixels or lengths.sum() > pixels:
        raise BadRow("a row has a run that ends outside of the photo")
    # Vectorised concatenation of ranges.
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))
