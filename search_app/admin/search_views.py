"""View models of the tab of search analytics."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

from search_app.admin.charts import ColumnPlot, column_plot
from search_app.analytics.records import Event
from search_app.analytics.report import AnalyticsReport, DayCount, Share, Totals
from search_app.language import texts
from search_app.language.formats import long_day, number, percent, short_day
from segmentation.classes import GarmentClass


@dataclass(frozen=True)
class Tile:
    """A figure of the page with what it is a share of."""

    name: str
    value: str
    hint: str
    is_bad: bool = False


@dataclass(frozen=True)
class BarRow:
    """A line of a list with its bar; `width` and `failed` in per cent of the longest."""

    name: str
    count: str
    width: float
    failed: float
    failed_share: str


@dataclass(frozen=True)
class BarList:
    """A list of bars under a heading; `empty` is said where there are none."""

    id: str
    title: str
    hint: str
    empty: str
    rows: tuple[BarRow, ...]


@dataclass(frozen=True)
class SearchesView:
    """The page of search analytics."""

    has_searches: bool
    period: str
    tiles: tuple[Tile, ...]
    days: ColumnPlot
    day_rows: tuple[tuple[str, str, str], ...]
    clicks: ColumnPlot
    has_clicks: bool
    missing: tuple[BarList, ...]
    lists: tuple[BarList, ...]


def searches_view(report: AnalyticsReport) -> SearchesView:
    """The view of a report."""
    return SearchesView(
        has_searches=report.totals.searches > 0,
        period=texts.from_to(long_day(report.first), long_day(report.last)),
        tiles=_tiles(report.totals),
        days=_day_plot(report.days),
        day_rows=tuple(
            (short_day(each.day), number(each.count), number(each.failed)) for each in report.days
        ),
        clicks=column_plot(
            [
                (number(place), texts.clicks_at(place, count), count, 0)
                for place, count in enumerate(report.clicks_at, 1)
            ]
        ),
        has_clicks=sum(report.clicks_at) > 0,
        missing=_missing(report),
        lists=_lists(report),
    )


def _tiles(totals: Totals) -> tuple[Tile, ...]:
    searches = totals.searches
    distant = totals.nothing_close - totals.no_results
    return (
        Tile(texts.SEARCHES, number(searches), texts.SEARCHES_HINT),
        Tile(texts.WITH_CLICK, percent(totals.clicked, searches), texts.searches(totals.clicked)),
        Tile(
            texts.NOTHING_CLOSE_SHARE,
            percent(distant, searches),
            texts.searches(distant),
            is_bad=True,
        ),
        Tile(
            texts.NO_RESULT, percent(totals.no_results, searches), texts.NO_RESULT_HINT, is_bad=True
        ),
        *(
            Tile(texts.event_name(event), number(totals.events.get(event, 0)), texts.AFTER_SEARCH)
            for event in get_args(Event)
        ),
    )


def _day_plot(days: Sequence[DayCount]) -> ColumnPlot:
    return column_plot(
        [
            (
                short_day(each.day),
                texts.searches_of(short_day(each.day), each.count, each.failed),
                each.count,
                each.failed,
            )
            for each in days
        ]
    )


def _missing(report: AnalyticsReport) -> tuple[BarList, ...]:
    return (
        _bar_list("kinds", texts.MISSING_KINDS, report.missing_kinds,
                  hint=texts.MISSING_KINDS_HINT, empty=texts.NOTHING_MISSING),
        _bar_list("colours", texts.MISSING_COLOURS, report.missing_colours,
                  hint=texts.MISSING_COLOURS_HINT, empty=texts.NOTHING_MISSING),
        _bar_list("unknown", texts.UNKNOWN_WORDS, report.unknown_words,
                  empty=texts.ALL_UNDERSTOOD),
    )  # fmt: skip


def _lists(report: AnalyticsReport) -> tuple[BarList, ...]:
    types = [replace(each, value=texts.query_type(each.value)) for each in report.query_types]
    classes = [
        replace(each, value=texts.class_plural(GarmentClass.from_label(each.value)))
        for each in report.classes
    ]
    return (
        _bar_list("types", texts.HOW_SEARCHED, types),
        _bar_list("classes", texts.GARMENTS, classes),
        _bar_list("words", texts.WORDS_TYPED, report.words),
        _bar_list("filters", texts.FILTERS, report.filters),
        _bar_list("products", texts.CLICKED_PRODUCTS, report.clicked_products),
    )


def _bar_list(
    id: str, title: str, shares: Sequence[Share], hint: str = "", empty: str = ""
) -> BarList:
    longest = max((each.count for each in shares), default=1)
    rows = tuple(
        BarRow(
            name=each.value,
            count=number(each.count),
            width=round(100 * each.count / longest, 1),
            failed=round(100 * each.failed / longest, 1),
            failed_share=texts.in_vain(percent(each.failed, each.count)) if each.failed else "",
        )
        for each in shares
    )
    return BarList(id, title, hint, empty or texts.NONE_HERE, rows)
