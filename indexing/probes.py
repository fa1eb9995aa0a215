"""What the segmenter saw in, other masks to search with out: what its own may have missed.

A query is one photo, often a bad one, and somebody waits for it; a catalogue's photos are many,
and others like them stand beside them. So only a query is asked with several masks of its garment:

- as a second segmenter sees it (`indexing.second_look`), where it is alone on the photo;
- as far as it may reach where its mask is in doubt (`segmentation.reach`). That is a guess: it may
  find the very garment again, but what is merely like it is like more than the garment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from indexing.records import EmbeddedGarment, EmbeddedPhoto, Probe
from segmentation.mask import Garment, Segmentation, mask_iou
from segmentation.photos import Photo

LIKE: Final = 0.9
"""IoU of two masks from which the second tells nothing new."""

LookAgain = Callable[[Photo], Garment | None]
"""The garment of a photo by a second segmenter, if it finds one."""


@dataclass(frozen=True, eq=False)
class OtherMask:
    """Another mask of the garment at a place, or of what may be one where none was found.

    `is_guess` as of `Probe`.
    """

    place: int
    garment: Garment
    is_guess: bool


def other_masks(photo: Photo, seen: Segmentation, look_again: LookAgain) -> list[OtherMask]:
    """What to search with beside the masks of a photo's garments."""
    if not seen.garments:
        maybe = (look_again(photo), seen.possible())
        return [OtherMask(0, each, is_guess=False) for each in maybe if each is not None]
    reaches = ((place, seen.reach(place)) for place in range(len(seen.garments)))
    found = [OtherMask(place, each, is_guess=True) for place, each in reaches if each is not None]
    if not seen.is_outfit:
        again = look_again(photo)
        if again is not None and mask_iou(again, seen.garments[0], *photo.shape[:2]) < LIKE:
            found.append(OtherMask(0, again, is_guess=False))
    return found


def with_others(
    embedded: EmbeddedPhoto, others: Sequence[tuple[OtherMask, EmbeddedGarment]]
) -> EmbeddedPhoto:
    """The embedded photo with what its other masks show."""
    if not embedded.garments:
        return replace(embedded, possible=tuple(seen for _, seen in others))
    garments = tuple(
        replace(garment, also=tuple(_probe(*each) for each in others if each[0].place == place))
        for place, garment in enumerate(embedded.garments)
    )
    return replace(embedded, garments=garments)


def _probe(mask: OtherMask, seen: EmbeddedGarment) -> Probe:
    return Probe(seen.vector, seen.tiles, seen.garment.own_classes, mask.is_guess)
