"""View model of the filter form beside the results."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.orm import Session

from catalog.colours import COLOUR_NAMES, NAMED_COLOURS
from catalog.filtering.facets import Facets, FacetValue, attribute_names, facets
from catalog.filtering.vocabulary import colour_name, folded_words
from catalog.filtering.word_query import UnderstoodWords
from search_app.language import texts
from search_app.language.formats import capitalised
from search_app.pages.garments import IDENTIFIERS
from search_app.pages.state import ATTRIBUTE, PageState
from search_app.pages.views import ActiveFilter, Choice, FilterForm, Menu
from segmentation.classes import GARMENT_CLASSES, GarmentClass

CATALOGUE: Final = "/catalogue"
_SHADES: Final = {"white": "#f5f5f3", "grey": "#8c8c8e"}
"""Swatches of the names whose first shade would mislead."""
SWATCHES: Final = {**dict(reversed(NAMED_COLOURS)), **_SHADES}
"""Colour name -> how it is painted."""
_PRESERVED_FIELDS: Final = (
    "class", "words", "in_colour", "text", "brand", "category", "colour", "availability",
    "price_min", "price_max", "sort", "colour_weight", "k", "page",
)  # fmt: skip
"""Fields that the form itself holds, or that start again when it is sent."""
ATTRIBUTE_MENUS: Final = 12
"""Most attributes of the products' own that have a menu."""
MOST_VALUES: Final = 40
"""Most values of such a menu: an attribute with more differs from product to product."""


def filter_form(
    path: str,
    state: PageState,
    counted: Facets,
    words: UnderstoodWords = UnderstoodWords(),
    own_class: GarmentClass | None = None,
    whole_photo: bool = False,
    compares: bool = True,
) -> FilterForm:
    """The form beside results.

    Args:
        words: the state's words as the catalogue understands them.
        own_class: class of the query garment; None = the query is not a garment.
        whole_photo: the query is the whole photo, at first among all classes.
        compares: results have a similarity, so that style and colour can be weighted.
    """
    active = tuple(active_filters(path, state))
    menus = _menus(path, state, counted)
    is_priced = counted.price_max is not None or bool(state.sort) or _has_bounds(state)
    return FilterForm(
        action=path,
        kept=tuple(state.pairs(*_PRESERVED_FIELDS, *(menu.name for menu in menus))),
        classes=class_choices(state.among or own_class, whole_photo) if compares else (),
        among=state.among.label if state.among else "",
        colour_weight=f"{state.colour_weight:g}" if compares else None,
        words=None if path == CATALOGUE else state.words or "",
        unknown_words=texts.about_words(words),
        text=state.text or "" if path == CATALOGUE else None,
        in_colours=_swatches(state.in_colour) if compares else (),
        menus=menus,
        price_min=_plain(state.price_min),
        price_max=_plain(state.price_max),
        sorts=tuple(
            Choice(
                value,
                texts.BY_NAME if path == CATALOGUE and not value else name,
                value == state.sort,
            )
            for value, name in texts.sorts.items()
            if is_priced
        ),
        active=active,
        each_word=tuple(_each_word(path, state, words)),
        reset_href=state.without_filters().href(path) if active else "",
    )


def counted_facets(
    session: Session,
    state: PageState,
    words: UnderstoodWords = UnderstoodWords(),
    among: GarmentClass | None = None,
) -> Facets:
    """Count the values of all filters under the present ones, own attributes included."""
    wanted = replace(state.options.filters, words=words.query)
    names = [each for each in attribute_names(session) if not IDENTIFIERS.search(each)]
    return facets(
        session,
        wanted if among is None else replace(wanted, garment_class=among),
        attributes=names[:ATTRIBUTE_MENUS],
    )


def active_filters(path: str, state: PageState) -> Iterator[ActiveFilter]:
    """The active filters, each with the address without it."""

    def without(name: str, **fields: Any) -> ActiveFilter:
        dropped = replace(state, **fields, k=PageState.k, page=1)
        return ActiveFilter(name, dropped.href(path))

    for field in ("words", "text"):
        if said := getattr(state, field):
            yield without(texts.said(said), **{field: None})
    if state.in_colour:
        yield without(texts.in_colour(texts.colour(state.in_colour)), in_colour=None)
    for field in ("category", "brand", "colour", "availability"):
        value = getattr(state, field)
        if value:
            yield without(value_name(field, value), **{field: None})
    for pair in state.attributes:
        others = tuple(each for each in state.attributes if each != pair)
        yield without(texts.attribute_is(*pair), attributes=others)
    if _has_bounds(state):
        name = texts.price_range(_plain(state.price_min), _plain(state.price_max))
        yield without(name, price_min=None, price_max=None)
    for pair in state.unwanted:
        rest = tuple(each for each in state.unwanted if each != pair)
        yield without(texts.unwanted(value_name(*pair)), unwanted=rest)
    if state.more_like:
        yield without(texts.more_like_count(len(state.more_like)), more_like=())
    if state.less_like:
        yield without(texts.less_like_count(len(state.less_like)), less_like=())
    if state.excluded:
        yield without(texts.excluded(len(state.excluded)), excluded=())


def _each_word(path: str, state: PageState, words: UnderstoodWords) -> Iterator[ActiveFilter]:
    """The terms and price limits of the words, each with the address of the search without it."""
    named = dict.fromkeys(term.said for term in words.query.terms)
    limits = [each.said for each in words.query.limits]
    if len(named) + len(limits) < 2:
        return
    for said in named:
        rest = (each for each in words.text.split() if not {*folded_words(each)} <= {*said.split()})
        yield _with_words(path, state, said, " ".join(rest))
    for said in limits:
        yield _with_words(path, state, said, " ".join(words.text.replace(said, " ").split()))


def _with_words(path: str, state: PageState, name: str, words: str) -> ActiveFilter:
    return ActiveFilter(name, replace(state, words=words, k=PageState.k, page=1).href(path))


def _swatches(chosen: str | None) -> tuple[Choice, ...]:
    """The colours of the menu "the same, but in", with the chosen one added."""
    wanted = colour_name(chosen) if chosen else ""
    own = Choice("", texts.OWN_COLOUR, not wanted)
    named = [
        Choice(name, texts.colour(name), name == wanted, None, SWATCHES[name])
        for name in COLOUR_NAMES
    ]
    if wanted and wanted not in COLOUR_NAMES:
        named.append(Choice(wanted, wanted, True, None, wanted))
    return (own, *named)


def class_choices(chosen: GarmentClass | None, offers_all: bool = False) -> tuple[Choice, ...]:
    """The classes to search among, in the plural, with "all" where that is a choice."""
    everything = (Choice("", texts.ALL, chosen is None),) if offers_all else ()
    return everything + tuple(
        Choice(each.label, texts.class_plural(each), each == chosen) for each in GARMENT_CLASSES
    )


def _menus(path: str, state: PageState, counted: Facets) -> tuple[Menu, ...]:
    own = dict(state.attributes)
    kinds = (
        ("category", texts.CATEGORY, counted.categories, state.category),
        ("colour", texts.COLOUR, counted.colours, state.colour),
        ("brand", texts.BRAND, counted.brands, state.brand),
        ("availability", texts.STOCK, counted.availability, state.availability),
        *(
            (ATTRIBUTE + each.name, texts.attribute(each.name), each.values, own.get(each.name))
            for each in counted.attributes
            if len(each.values) <= MOST_VALUES
        ),
    )
    return tuple(
        Menu(name, title, _choices(path, state, name, values, chosen), chosen or "")
        for name, title, values, chosen in kinds
        if len(values) > 1 or chosen
    )


def _with_unwanted(path: str, state: PageState, field: str, choice: Choice) -> Choice:
    """The choice with the address that excludes its value, or includes it again."""
    pair = (field, choice.value)
    rest = tuple(each for each in state.unwanted if each != pair)
    is_unwanted = len(rest) < len(state.unwanted)
    toggled = replace(state, unwanted=rest if is_unwanted else (*rest, pair), k=PageState.k, page=1)
    return replace(choice, unwanted=is_unwanted, unwanted_href=toggled.href(path))


def _choices(
    path: str, state: PageState, name: str, values: Sequence[FacetValue], chosen: str | None
) -> tuple[Choice, ...]:
    """The values of one facet; those of standard facets can also be excluded."""
    wanted = (chosen or "").lower()
    swatches = SWATCHES if name == "colour" else {}
    choices = [
        Choice(
            each.value,
            value_name(name, each.value),
            each.value.lower() == wanted,
            each.count,
            swatches.get(each.value.lower(), ""),
        )
        for each in values
    ]
    # A chosen value that is not among the commonest must not get lost on "Apply".
    if chosen and not any(choice.chosen for choice in choices):
        choices.insert(
            0, Choice(chosen, value_name(name, chosen), True, 0, swatches.get(wanted, ""))
        )
    if name.startswith(ATTRIBUTE):
        return tuple(choices)
    return tuple(_with_unwanted(path, state, name, each) for each in choices)


def value_name(field: str, value: str) -> str:
    """The display name of a facet's value, with a capital; the feed's own values unchanged."""
    if field == "colour":
        value = texts.colour(value)
    elif field == "availability":
        value = texts.stock(value)
    return capitalised(value)


def _has_bounds(state: PageState) -> bool:
    return state.price_min is not None or state.price_max is not None


def _plain(price: object) -> str:
    return "" if price is None else f"{price:f}"
