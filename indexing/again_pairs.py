"""Pairs folders and a segmenter in, the same garments seen again and found again out.

Each photo's main garment goes through the hard change of `changed`; the segmenter then says
where it is. The encoder is asked with such masks, so it has to learn from them: mistakes drawn
at random are not those that a segmenter makes. Class and label stay those of the original.

    NAME-again-0.jpg, NAME-again-1.jpg, ... of the pair NAME
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from indexing.labelled import main_garment
from indexing.records import PhotoSegmenter
from segmentation.changed import seen_again
from segmentation.mask import BoolMask, Garment, find_garments, mask_on_photo, one_hot
from segmentation.pairs import (
    SEEN_AGAIN,
    Pair,
    PairsFolder,
    Progress,
    load_mask,
    no_progress,
    prepare_folder,
    read_pairs,
    save_mask,
    write_manifest,
)
from segmentation.photos import Photo, read_photo
from segmentation.splits import TAUGHT_WITH

MARK: Final = "-again-"
LEAST_IOU: Final = 0.25
"""Where the segmenter finds something else, there is nothing to learn."""
JPEG_QUALITY: Final = 95


@dataclass(frozen=True, eq=False)
class _Original:
    """A photo with its main garment, and the pair it comes from."""

    pair: Pair
    photo: Photo
    garment: Garment


def name_before(name: str) -> str:
    """The name of the pair that a pair seen again was made of."""
    return name.rpartition(MARK)[0]


def create_seen_again(
    roots: Sequence[Path],
    segmenter: PhotoSegmenter,
    out: Path,
    views: int,
    seed: int = 0,
    progress: Progress = no_progress,
) -> PairsFolder:
    """`views` changed photos of each train and val pair that has a mask, but for lost garments.

    What is put behind a garment comes from another photo of the same split.
    """
    prepare_folder(out)
    pairs: list[Pair] = []
    folders = [read_pairs(root).masked() for root in roots]
    wanted = {
        split: [(folder, pair) for folder in folders for pair in folder.of_split(split).pairs]
        for split in TAUGHT_WITH
    }
    done, total = 0, sum(map(len, wanted.values()))
    for of_split in wanted.values():
        for folder, pair in of_split:
            generator = np.random.default_rng((seed, done))
            behind_folder, behind = of_split[int(generator.integers(len(of_split)))]
            other = read_photo(behind_folder.photo_path(behind))
            original = _original(folder, pair)
            if original is not None:
                pairs += _saved(original, other, segmenter, out, views, generator)
            done += 1
            progress(done, total)
    return write_manifest(out, pairs)


def _original(folder: PairsFolder, pair: Pair) -> _Original | None:
    """With the largest garment by the pair's mask; None where there is none."""
    mask = load_mask(folder.mask_path(pair))
    garments = find_garments(mask, one_hot(mask))
    if not garments:
        return None
    return _Original(pair, read_photo(folder.photo_path(pair)), garments[0])


def _saved(
    original: _Original,
    other: Photo,
    segmenter: PhotoSegmenter,
    out: Path,
    views: int,
    generator: np.random.Generator,
) -> Iterator[Pair]:
    """Write the views on which the garment is found again, and say which."""
    changed = [seen_again(original.photo, original.garment, other, generator) for _ in range(views)]
    found = segmenter.segment([each.photo for each in changed])
    for number, (each, segmentation) in enumerate(zip(changed, found, strict=True)):
        seen = mask_on_photo(main_garment(each.photo, segmentation), *each.mask.shape)
        if _iou(seen, each.mask) < LEAST_IOU:
            continue
        pair = replace(original.pair, name=f"{original.pair.name}{MARK}{number}", source=SEEN_AGAIN)
        save_mask(
            seen.astype(np.uint8) * np.uint8(original.garment.garment_class),
            out / "masks" / f"{pair.name}.png",
        )
        Image.fromarray(each.photo).save(out / "photos" / f"{pair.name}.jpg", quality=JPEG_QUALITY)
        yield pair


def _iou(one: BoolMask, other: BoolMask) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))
