"""Template context of the results: cards, advice if nothing is close, a link to more."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.datastructures import QueryParams

from indexing.collection import Collection, ResultCard
from indexing.search.results import nothing_close
from search_app.language import texts
from search_app.pages.cards import DISTANT, all_called, result_views
from search_app.pages.state import MAX_RESULTS, PAGE_SIZE, PageState, parse_state
from search_app.pages.views import ActiveFilter, FilterForm
from search_app.search.search import words_find_any
from segmentation.classes import GarmentClass

LOADED_ALONE: Final = 4 * PAGE_SIZE
"""Results loaded by scrolling; more come on request, so that the foot stays in reach."""


def results_context(
    collection: Collection,
    cards: Sequence[ResultCard],
    form: FilterForm,
    title: str,
    empty_catalogue: bool,
    path: str,
    state: PageState,
    whole_photo: bool = False,
) -> dict[str, Any]:
    """Template context of `_results.html`.

    Args:
        whole_photo: the query is a whole photo, whose results have no calibrated closeness.
    """
    more = replace(state, k=min(state.k + PAGE_SIZE, MAX_RESULTS))
    may_have_more = len(cards) == state.k < MAX_RESULTS
    distant = nothing_close(cards, state.colour_weight)
    advice = relaxations(form, path, state) if distant or not cards else []
    if not cards:
        advice = [each for each in advice if _finds_any(collection, each.href)]
    views = result_views(cards, state, path)
    if distant or whole_photo:
        views = all_called(views, texts.closeness(DISTANT) if distant else "")
    return {
        "results": views,
        "results_title": title,
        "form": form,
        "empty_catalogue": empty_catalogue,
        "distant": distant,
        "distant_lead": texts.FEW_OF_COLOUR if state.colour_weight == 1 else texts.FEW_OF_KIND,
        "relax": advice,
        "more_href": more.href(path) if may_have_more else "",
        "loads_itself": state.k < LOADED_ALONE,
        "with_classes": True,
        "by_price": bool(state.sort),
    }


def _finds_any(collection: Collection, href: str) -> bool:
    """Whether a search finds any product, as far as words and filters decide it."""
    state = parse_state(QueryParams(urlsplit(href).query))
    return words_find_any(collection, state.options, state.among)


def relaxations(form: FilterForm, path: str, state: PageState) -> list[ActiveFilter]:
    """Ways to closer results: without a filter, without colour, in other classes."""
    narrowing = (*form.each_word, *form.active)
    advice = [replace(each, name=texts.relax(each.name)) for each in narrowing]
    if len(form.active) > 1:
        advice.append(ActiveFilter(texts.RELAX_ALL, form.reset_href))
    if form.colour_weight is not None and state.colour_weight > 0:
        style = replace(state, colour_weight=0.0, k=PAGE_SIZE)
        advice.append(ActiveFilter(texts.RELAX_STYLE, style.href(path)))
    for choice in form.classes:
        if choice.value and not choice.chosen:
            among = replace(state, among=GarmentClass.from_label(choice.value), k=PAGE_SIZE)
            name = texts.search_among(GarmentClass.from_label(choice.value))
            advice.append(ActiveFilter(name, among.href(path)))
    return advice
