"""Sixty product photos with hand-drawn masks, the ground truth for product photos.

The photos are a random sample of the clothing dataset's test senders by label (at least two of
each, at most three of a sender), including ones that `cut_garment` rejects.
`checked_masks/drawings.jsonl` has the manual drawing for each, `checked_masks/NAME.png` (1 bit)
the resulting mask, checked by eye.

    drawings.jsonl + photos -> draw_mask -> checked_masks/NAME.png -> create_checked -> pairs folder

Each photo shows one garment lying or hanging, not worn. Gaps between legs, hangers and hands are
background; a label that hangs on the garment belongs to it. Only redrawing needs the `train` extra
(OpenCV).
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from segmentation.classes import CLOTHING_CLASSES
from segmentation.data.pairs import (
    Pair,
    PairsFolder,
    clear_earlier_pairs,
    prepare_folder,
    save_mask,
    write_manifest,
)
from segmentation.data.sources import ClothingPhoto, clothing_splits, read_clothing
from segmentation.errors import DatasetError
from segmentation.mask import BoolMask
from segmentation.photos import read_photo

CHECKED_MASKS: Final = Path(__file__).parent.parent / "checked_masks"

Polygon = tuple[tuple[int, int], ...]
"""Corners x, y in pixels of the photo."""


@dataclass(frozen=True)
class Drawing:
    """The manual drawing for one photo.

    Attributes:
        photo: name of the photo, without suffix.
        outline: polygon around the garment; empty where GrabCut's own seeds are right.
        edge: GrabCut searches the edge within this many pixels of the outline; None: anywhere
            inside a wide outline.
        core: whether everything deep inside a wide outline is garment.
        background: GrabCut seeds of the background.
        add, cut: polygons added to and removed from GrabCut's result.
        strokes: straps too thin for GrabCut, three pixels wide.
    """

    photo: str
    outline: Polygon = ()
    edge: int | None = None
    core: bool = True
    background: tuple[Polygon, ...] = ()
    add: tuple[Polygon, ...] = ()
    cut: tuple[Polygon, ...] = ()
    strokes: tuple[Polygon, ...] = ()


def read_drawings() -> list[Drawing]:
    """Read the drawings of all checked photos."""
    lines = (CHECKED_MASKS / "drawings.jsonl").read_text().splitlines()
    return [_drawing_of(json.loads(line)) for line in lines]


def _drawing_of(fields: dict[str, Any]) -> Drawing:
    return Drawing(**{name: _frozen(value) for name, value in fields.items()})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(each) for each in value) if isinstance(value, list) else value


def checked_mask(name: str) -> BoolMask:
    """Read the committed mask of a checked photo, shape (H, W)."""
    with Image.open(CHECKED_MASKS / f"{name}.png") as image:
        return np.array(image, bool)


def create_checked(source: Path, out: Path, redraw: bool = False) -> PairsFolder:
    """Make a pairs folder of the checked photos, all in split test.

    Args:
        source: folder of the clothing dataset.
        redraw: overwrite the committed masks by masks made from the drawings.
    Raises:
        DatasetError: a photo is missing or not of a test sender.
    """
    rows = {row.image: row for row in read_clothing(source)}
    splits = clothing_splits(rows.values())
    clear_earlier_pairs(out, "clothing")
    prepare_folder(out)
    pairs = []
    for drawing in read_drawings():
        row = rows.get(drawing.photo)
        photo = source / "photos" / f"{drawing.photo}.jpg"
        if row is None or not photo.is_file() or splits[row.sender_id] != "test":
            raise DatasetError(f"{drawing.photo} is no test photo in {source}; use the full set")
        if redraw:
            redraw_mask(drawing, photo)
        pairs.append(_write_pair(row, photo, out))
    return write_manifest(out, pairs)


def _write_pair(row: ClothingPhoto, photo: Path, out: Path) -> Pair:
    mask = checked_mask(row.image) * np.uint8(CLOTHING_CLASSES[row.label])
    save_mask(mask, out / "masks" / f"{row.image}.png")
    shutil.copyfile(photo, out / "photos" / photo.name)
    return Pair(row.image, "clothing", f"sender-{row.sender_id}", "test", row.label)


def redraw_mask(drawing: Drawing, photo: Path) -> None:
    """Overwrite the committed mask of a photo; check it by eye afterwards."""
    from segmentation.data.hand_drawing import draw_mask

    mask = draw_mask(read_photo(photo), drawing)
    Image.fromarray(mask).save(CHECKED_MASKS / f"{drawing.photo}.png", optimize=True)
