"""A kept photo and what was picked on it in, the photo with its buttons as a template shows it."""

from dataclasses import replace
from typing import Final

from search_app import texts
from search_app.query import QueryGarment
from search_app.regions import picked_garment
from search_app.results import garment_view
from search_app.state import PageState, Pick, Region
from search_app.steering import class_choices
from search_app.uploads import KeptQuery
from search_app.views import Choice, GarmentView, PhotoPick, RegionView
from segmentation.classes import GarmentClass
from segmentation.mask import Box

DOT_SHARE: Final = 0.018
"""Radius of the dot on a garment, as a share of the photo's longer side."""
PICK_FIELDS: Final = ("garment", "left", "top", "right", "bottom", "class", "k", "page")
"""Fields that another pick replaces: another garment is of another class."""
CORRECT_FIELDS: Final = ("class", "k", "page")
_FIRST_REGION: Final = Region(25, 20, 75, 80)


def photo_pick(kept: KeptQuery, pick: Pick, path: str, state: PageState) -> PhotoPick:
    """The photo with its garments; `pick` is settled and embedded."""
    query = kept.query
    chosen = picked_garment(kept, pick)
    places = pick if isinstance(pick, tuple) else ()
    garments = tuple(
        garment_view(garment, place, path, state, chosen=place in places)
        for place, garment in enumerate(query.garments)
    )
    return PhotoPick(
        path=path,
        photo_url=f"{path}/photo.jpg",
        width=query.width,
        height=query.height,
        dot_radius=round(DOT_SHARE * max(query.width, query.height), 1),
        garments=garments,
        chosen=_chosen_view(chosen, pick, path, state),
        whole_photo=chosen.whole_photo,
        region=_region_view(pick, chosen, query.width, query.height),
        kept=tuple(state.pairs(*PICK_FIELDS)),
        correct=tuple(state.pairs(*CORRECT_FIELDS)),
        classes=_classes(state, chosen),
    )


def _classes(state: PageState, chosen: QueryGarment) -> tuple[Choice, ...]:
    """What the garment may be; for a whole photo the classes to search among."""
    if chosen.whole_photo:
        return class_choices(state.among, offers_all=True)
    choices = class_choices(state.among or chosen.garment_class)
    names = [texts.CLASS_NAMES[GarmentClass.from_label(each.value)] for each in choices]
    return tuple(replace(choice, name=name) for choice, name in zip(choices, names, strict=True))


def _chosen_view(chosen: QueryGarment, pick: Pick, path: str, state: PageState) -> GarmentView:
    """What is searched with, named after where it came from and by its corrected class."""
    view = garment_view(chosen, None, path, state, chosen=True)
    name = texts.CLASS_NAMES[state.among] if state.among and not chosen.whole_photo else view.name
    if isinstance(pick, Region):
        name = f"{texts.REGION}: {name}"
    elif isinstance(pick, tuple) and len(pick) > 1:
        name = f"{texts.TOGETHER}: {name}"
    return replace(view, name=name)


def _region_view(pick: Pick, chosen: QueryGarment, width: int, height: int) -> RegionView:
    """The drawn region; else the box of the chosen garment, ready to be nudged."""
    region = _FIRST_REGION
    if isinstance(pick, Region):
        region = pick
    elif not chosen.whole_photo:
        region = _region_of(chosen.box, width, height)
    return RegionView(
        region.left, region.top, region.right, region.bottom, isinstance(pick, Region)
    )


def _region_of(box: Box, width: int, height: int) -> Region:
    across, down = 100 / width, 100 / height
    left, top = int(box[0] * across), int(box[1] * down)
    right, bottom = -int(-box[2] * across // 1), -int(-box[3] * down // 1)
    return Region(left, top, max(right, left + 1), max(bottom, top + 1))
