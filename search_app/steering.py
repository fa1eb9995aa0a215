"""The state of a page and the catalogue's facets in, the form beside the results out."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from catalog.colours import NAMED_COLOURS
from catalog.queries import Facets, FacetValue
from search_app import texts
from search_app.state import PageState
from search_app.views import ActiveFilter, Choice, Menu, SteerView
from segmentation.classes import GARMENT_CLASSES, GarmentClass

_SHADES: Final = {"white": "#f5f5f3", "grey": "#8c8c8e"}
"""Swatches of the names whose first shade would mislead."""
SWATCHES: Final = {**dict(reversed(NAMED_COLOURS)), **_SHADES}
"""Colour name -> how it is painted."""
_KEPT_BY_STEERING: Final = (
    "class", "text", "brand", "category", "colour", "availability", "price_min", "price_max",
    "colour_weight", "k", "page",
)  # fmt: skip
"""Fields that the form itself holds, or that start anew when it is sent."""


def steer_view(
    path: str,
    state: PageState,
    facets: Facets,
    own_class: GarmentClass | None = None,
    whole_photo: bool = False,
    compares: bool = True,
) -> SteerView:
    """The form beside results.

    Args:
        own_class: the class of the garment searched with; None = no garment is.
        whole_photo: the whole photo is searched with, among all classes at first.
        compares: results are compared with something, so that style and colour can be weighed.
    """
    active = tuple(active_filters(path, state))
    return SteerView(
        action=path,
        kept=tuple(state.pairs(*_KEPT_BY_STEERING)),
        classes=class_choices(state.among or own_class, whole_photo) if compares else (),
        among=state.among.label if state.among else "",
        colour_weight=f"{state.colour_weight:g}" if compares else None,
        text=None if compares else state.text or "",
        menus=_menus(state, facets),
        price_min=_plain(state.price_min),
        price_max=_plain(state.price_max),
        active=active,
        reset_href=state.without_filters().href(path) if active else "",
    )


def active_filters(path: str, state: PageState) -> Iterator[ActiveFilter]:
    """The filters that are on, each with the address without it."""

    def without(name: str, **fields: Any) -> ActiveFilter:
        dropped = replace(state, **fields, k=PageState.k, page=1)
        return ActiveFilter(name, dropped.href(path))

    for field in ("text", "category", "brand", "colour", "availability"):
        value = getattr(state, field)
        if value:
            yield without(value[:1].upper() + value[1:], **{field: None})
    if state.price_min is not None or state.price_max is not None:
        name = texts.price_range(_plain(state.price_min), _plain(state.price_max))
        yield without(name, price_min=None, price_max=None)
    if state.excluded:
        yield without(texts.excluded(len(state.excluded)), excluded=())


def class_choices(chosen: GarmentClass | None, offers_all: bool = False) -> tuple[Choice, ...]:
    """The classes to search among."""
    everything = (Choice("", texts.ALL, chosen is None),) if offers_all else ()
    return everything + tuple(
        Choice(each.label, texts.class_plural(texts.CLASS_NAMES[each]), each == chosen)
        for each in GARMENT_CLASSES
    )


def _menus(state: PageState, facets: Facets) -> tuple[Menu, ...]:
    kinds = (
        ("category", texts.CATEGORY, facets.categories, state.category),
        ("colour", texts.COLOUR, facets.colours, state.colour),
        ("brand", texts.BRAND, facets.brands, state.brand),
        ("availability", texts.STOCK, facets.availability, state.availability),
    )
    return tuple(
        Menu(name, title, _menu_choices(name, values, chosen), chosen is not None)
        for name, title, values, chosen in kinds
        if len(values) > 1 or chosen
    )


def _menu_choices(
    name: str, values: Sequence[FacetValue], chosen: str | None
) -> tuple[Choice, ...]:
    wanted = (chosen or "").lower()
    swatches = SWATCHES if name == "colour" else {}
    choices = [
        Choice(
            each.value,
            each.value[:1].upper() + each.value[1:],
            each.value.lower() == wanted,
            each.count,
            swatches.get(each.value.lower(), ""),
        )
        for each in values
    ]
    # A value from the address that is none of the commonest must not be lost on "Apply".
    if chosen and not any(choice.chosen for choice in choices):
        choices.insert(0, Choice(chosen, chosen, True, 0, swatches.get(wanted, "")))
    return tuple(choices)


def _plain(price: object) -> str:
    return "" if price is None else f"{price:f}"
