"""Sixty product photos whose masks a person drew and checked: the truth for product photos.

The photos are of the clothing dataset's test senders, drawn at random by label (at
least two of each, where there are two; at most three of a sender), those that
`cut_garment` refuses among them. `checked_masks/drawings.jsonl` holds what was drawn by
hand on each, `checked_masks/NAME.png` (1 bit) the mask that came of it and was looked at.

    drawings.jsonl + photos -> draw_mask -> checked_masks/NAME.png -> create_checked -> pairs folder

On each photo lies or hangs one garment, none is worn. Gaps between legs, hangers and
hands are ground; a label that hangs on the garment counts as garment.
Drawing again needs the `train` extra (OpenCV); laying out the pairs does not.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from segmentation.classes import CLOTHING_CLASSES
from segmentation.dataset import ClothingPhoto, clothing_splits, read_clothing
from segmentation.errors import DatasetError
from segmentation.mask import BoolMask
from segmentation.pairs import (
    Pair,
    PairsFolder,
    clear_earlier_pairs,
    prepare_folder,
    save_mask,
    write_manifest,
)
from segmentation.photos import read_photo

CHECKED_MASKS: Final = Path(__file__).parent / "checked_masks"

Polygon = tuple[tuple[int, int], ...]
"""Corners x, y in pixels of the photo."""


@dataclass(frozen=True)
class Drawing:
    """What was drawn by hand on one photo.

    Attributes:
        photo: name of the photo, without suffix.
        outline: round the garment; empty = GrabCut's own seeds were right.
        edge: GrabCut finds the edge within so many pixels of the outline; None = the
            outline is wide and GrabCut finds the edge anywhere inside.
        core: whether all that lies deep inside a wide outline is garment.
        ground: not garment, told to GrabCut.
        add, cut: garment and not garment, painted over GrabCut's answer.
        strokes: straps too thin for GrabCut, three pixels wide.
    """

    photo: str
    outline: Polygon = ()
    edge: int | None = None
    core: bool = True
    ground: tuple[Polygon, ...] = ()
    add: tuple[Polygon, ...] = ()
    cut: tuple[Polygon, ...] = ()
    strokes: tuple[Polygon, ...] = ()


def read_drawings() -> list[Drawing]:
    """The drawings of all checked photos."""
    lines = (CHECKED_MASKS / "drawings.jsonl").read_text().splitlines()
    return [_drawing_of(json.loads(line)) for line in lines]


def _drawing_of(fields: dict[str, Any]) -> Drawing:
    return Drawing(**{name: _frozen(value) for name, value in fields.items()})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(each) for each in value) if isinstance(value, list) else value


def checked_mask(name: str) -> BoolMask:
    """The committed mask of a checked photo, shape (H, W)."""
    with Image.open(CHECKED_MASKS / f"{name}.png") as image:
        return np.array(image, bool)


def create_checked(source: Path, out: Path, redraw: bool = False) -> PairsFolder:
    """A pairs folder of the checked photos, all of split test.

    Args:
        source: the clothing dataset's folder.
        redraw: make the masks from the drawings again and overwrite the committed ones.
    Raises:
        DatasetError: a photo is missing, or not among the test senders.
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
        pairs.append(_lay_out(row, photo, out))
    return write_manifest(out, pairs)


def _lay_out(row: ClothingPhoto, photo: Path, out: Path) -> Pair:
    mask = checked_mask(row.image) * np.uint8(CLOTHING_CLASSES[row.label])
    save_mask(mask, out / "masks" / f"{row.image}.png")
    shutil.copyfile(photo, out / "photos" / photo.name)
    return Pair(row.image, "clothing", f"sender-{row.sender_id}", "test", row.label)


def redraw_mask(drawing: Drawing, photo: Path) -> None:
    """Make the committed mask of a photo anew; look at it afterwards."""
    from segmentation.hand_drawing import draw_mask

    mask = draw_mask(read_photo(photo), drawing)
    Image.fromarray(mask).save(CHECKED_MASKS / f"{drawing.photo}.png", optimize=True)
