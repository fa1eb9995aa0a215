"""The state of a page and the catalogue's facets in, the form beside the results out."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from catalog.colours import COLOUR_NAMES, NAMED_COLOURS
from catalog.facets import Facets, FacetValue
from catalog.filters import Filters
from indexing.words import colour_name
from search_app import texts
from search_app.state import PageState
from search_app.views import ActiveFilter, Choice, Menu, SteerView
from segmentation.classes import GARMENT_CLASSES, GarmentClass

CATALOGUE: Final = "/catalogue"
_SHADES: Final = {"white": "#f5f5f3", "grey": "#8c8c8e"}
"""Swatches of the names whose first shade would mislead."""
SWATCHES: Final = {**dict(reversed(NAMED_COLOURS)), **_SHADES}
"""Colour name -> how it is painted."""
_KEPT_BY_STEERING: Final = (
    "class", "words", "in_colour", "text", "brand", "category", "colour", "availability",
    "price_min", "price_max", "colour_weight", "k", "page",
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
        words=None if path == CATALOGUE else state.words or "",
        unknown_words=texts.unknown_words(state.options.understood.unknown) if state.words else "",
        text=state.text or "" if path == CATALOGUE else None,
        in_colours=_swatches(state.in_colour) if compares else (),
        menus=_menus(path, state, facets),
        price_min=_plain(state.price_min),
        price_max=_plain(state.price_max),
        active=active,
        reset_href=state.without_filters().href(path) if active else "",
    )


def counted_under(state: PageState, among: GarmentClass | None = None) -> Filters:
    """What products must be to count in the facets beside the results."""
    wanted = state.options.wanted_products
    return wanted if among is None else replace(wanted, garment_class=among)


def active_filters(path: str, state: PageState) -> Iterator[ActiveFilter]:
    """The filters that are on, each with the address without it."""

    def without(name: str, **fields: Any) -> ActiveFilter:
        dropped = replace(state, **fields, k=PageState.k, page=1)
        return ActiveFilter(name, dropped.href(path))

    if state.words:
        yield without(texts.said(state.words), words=None)
    if state.in_colour:
        yield without(texts.in_colour(state.in_colour), in_colour=None)
    for field in ("text", "category", "brand", "colour", "availability"):
        value = getattr(state, field)
        if value:
            yield without(value[:1].upper() + value[1:], **{field: None})
    if state.price_min is not None or state.price_max is not None:
        name = texts.price_range(_plain(state.price_min), _plain(state.price_max))
        yield without(name, price_min=None, price_max=None)
    for pair in state.unwanted:
        rest = tuple(each for each in state.unwanted if each != pair)
        yield without(texts.unwanted(pair[1]), unwanted=rest)
    if state.excluded:
        yield without(texts.excluded(len(state.excluded)), excluded=())


def _swatches(chosen: str | None) -> tuple[Choice, ...]:
    """The colours that "the same, but in" offers; a picked one is added."""
    wanted = colour_name(chosen) if chosen else ""
    own = Choice("", texts.OWN_COLOUR, not wanted)
    named = [Choice(name, name, name == wanted, None, SWATCHES[name]) for name in COLOUR_NAMES]
    if wanted and wanted not in COLOUR_NAMES:
        named.append(Choice(wanted, wanted, True, None, wanted))
    return (own, *named)


def class_choices(chosen: GarmentClass | None, offers_all: bool = False) -> tuple[Choice, ...]:
    """The classes to search among, in the plural; all of them where that is a choice."""
    everything = (Choice("", texts.ALL, chosen is None),) if offers_all else ()
    return everything + tuple(
        Choice(each.label, texts.class_plural(texts.CLASS_NAMES[each]), each == chosen)
        for each in GARMENT_CLASSES
    )


def _menus(path: str, state: PageState, facets: Facets) -> tuple[Menu, ...]:
    kinds = (
        ("category", texts.CATEGORY, facets.categories, state.category),
        ("colour", texts.COLOUR, facets.colours, state.colour),
        ("brand", texts.BRAND, facets.brands, state.brand),
        ("availability", texts.STOCK, facets.availability, state.availability),
    )
    return tuple(
        Menu(
            name,
            title,
            tuple(
                _with_unwanted(path, state, name, each) for each in _choices(name, values, chosen)
            ),
            chosen is not None,
        )
        for name, title, values, chosen in kinds
        if len(values) > 1 or chosen
    )


def _with_unwanted(path: str, state: PageState, field: str, choice: Choice) -> Choice:
    """The choice with the way to leave its value out, or to take it back in."""
    pair = (field, choice.value)
    rest = tuple(each for each in state.unwanted if each != pair)
    is_unwanted = len(rest) < len(state.unwanted)
    toggled = replace(state, unwanted=rest if is_unwanted else (*rest, pair), k=PageState.k, page=1)
    return replace(choice, unwanted=is_unwanted, unwanted_href=toggled.href(path))


def _choices(name: str, values: Sequence[FacetValue], chosen: str | None) -> tuple[Choice, ...]:
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
