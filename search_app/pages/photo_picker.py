"""View model of the query photo: its garments, the chosen one, the region, the classes."""

from dataclasses import replace
from typing import Final

from indexing.types import EmbeddedGarment
from search_app.language import texts
from search_app.pages.forms import class_choices
from search_app.pages.garments import garment_view
from search_app.pages.state import PageState
from search_app.pages.views import Choice, GarmentView, PhotoPick
from search_app.search.query_photo import Pick, QueryPhoto, Region
from segmentation.classes import GarmentClass
from segmentation.mask import Box

DOT_SHARE: Final = 0.018
"""Radius of the dot on a garment, as a share of the photo's longer side."""
PICK_FIELDS: Final = (
    "garment", "left", "top", "right", "bottom", "class", "k", "page", "more_like", "less_like",
)  # fmt: skip
"""Fields that a new pick resets, the class among them."""
CORRECT_FIELDS: Final = ("class", "k", "page")
DOUBTFUL: Final = 0.8
"""Below this probability of its class a garment's other classes are offered beside it."""
_FIRST_REGION: Final = Region(25, 20, 75, 80)


def photo_pick(
    query: QueryPhoto, pick: Pick, chosen: EmbeddedGarment, path: str, state: PageState
) -> PhotoPick:
    """The view of the photo with its garments, and the chosen one of a resolved pick."""
    indices = pick if isinstance(pick, tuple) else ()
    size = (query.width, query.height)
    garments = tuple(
        garment_view(garment, index, path, state, index in indices, size)
        for index, garment in enumerate(query.garments)
    )
    return PhotoPick(
        path=path,
        photo_url=f"{path}/photo.jpg",
        width=query.width,
        height=query.height,
        dot_radius=round(DOT_SHARE * max(query.width, query.height), 1),
        garments=garments,
        chosen=_chosen_view(chosen, pick, path, state, size),
        whole_photo=chosen.whole_photo,
        region=_shown_region(pick, chosen, query.width, query.height),
        has_region=isinstance(pick, Region),
        kept=tuple(state.pairs(*PICK_FIELDS)),
        correct=tuple(state.pairs(*CORRECT_FIELDS)),
        classes=_classes(state, chosen),
        doubts=_doubts(pick, chosen, state),
        further=tuple((each, _without_further(each, path, state)) for each in state.also),
    )


def _without_further(token: str, path: str, state: PageState) -> str:
    others = tuple(each for each in state.also if each != token)
    return replace(state, also=others, k=PageState.k).href(path)


def _doubts(pick: Pick, chosen: EmbeddedGarment, state: PageState) -> tuple[Choice, ...]:
    """The other classes, where the garment's own is no more than likely."""
    is_sure = chosen.whole_photo or chosen.garment.score >= DOUBTFUL
    if is_sure or state.among or not isinstance(pick, tuple) or len(pick) > 1:
        return ()
    return tuple(each for each in class_choices(chosen.garment.garment_class) if not each.chosen)


def _classes(state: PageState, chosen: EmbeddedGarment) -> tuple[Choice, ...]:
    """The classes to correct the garment's to; for a whole photo, those to search among."""
    if chosen.whole_photo:
        return class_choices(state.among, offers_all=True)
    choices = class_choices(state.among or chosen.garment.garment_class)
    return tuple(
        replace(each, name=texts.class_name(GarmentClass.from_label(each.value)))
        for each in choices
    )


def _chosen_view(
    chosen: EmbeddedGarment, pick: Pick, path: str, state: PageState, size: tuple[int, int]
) -> GarmentView:
    """The query garment, named by its origin and its corrected class."""
    view = garment_view(chosen, None, path, state, True, size)
    name = texts.class_name(state.among) if state.among and not chosen.whole_photo else view.name
    if isinstance(pick, Region):
        name = f"{texts.REGION}: {name}"
    elif isinstance(pick, tuple) and len(pick) > 1:
        name = f"{texts.TOGETHER}: {name}"
    return replace(view, name=name)


def _shown_region(pick: Pick, chosen: EmbeddedGarment, width: int, height: int) -> Region:
    """The drawn region, else the box of the chosen garment as a first suggestion."""
    if isinstance(pick, Region):
        return pick
    return _FIRST_REGION if chosen.whole_photo else _region_of(chosen.garment.box, width, height)


def _region_of(box: Box, width: int, height: int) -> Region:
    across, down = 100 / width, 100 / height
    left, top = int(box[0] * across), int(box[1] * down)
    right, bottom = -int(-box[2] * across // 1), -int(-box[3] * down // 1)
    return Region(left, top, max(right, left + 1), max(bottom, top + 1))
