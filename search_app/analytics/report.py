"""Figures of the recorded searches of a period, for the merchant."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, SQLColumnExpression, String, case, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from catalog.models import Product, SearchEventRow, SearchRow

TOP: Final = 15
POSITIONS: Final = 12
"""Positions of clicks that are counted one by one."""
_MOST_GROUPS: Final = 5_000
"""Combinations of filters that are read at most, the most frequent first."""
_FAILED: Final[ColumnElement[bool]] = SearchRow.nothing_close | (SearchRow.results == 0)


@dataclass(frozen=True)
class Share:
    """A value, how many searches have it, and how many of them failed."""

    value: str
    count: int
    failed: int = 0


@dataclass(frozen=True)
class DayCount:
    """The searches of a day and how many of them found nothing close."""

    day: date
    count: int
    failed: int


@dataclass(frozen=True)
class Totals:
    """Numbers of searches; `clicked` is the number with a click, `events` counts events by kind."""

    searches: int
    nothing_close: int
    no_results: int
    colour_missing: int
    clicked: int
    events: dict[str, int]


@dataclass(frozen=True)
class AnalyticsReport:
    """The searches from `first` to `last`, both included.

    Attributes:
        query_types, classes, words, filters: what was searched, the most frequent first.
        missing_kinds, missing_colours, unknown_words: what customers looked for in vain.
        clicks_at: clicks on the results at positions 1 to `POSITIONS`.
        clicked_products: title and number of clicks.
    """

    first: date
    last: date
    totals: Totals
    days: tuple[DayCount, ...]
    query_types: tuple[Share, ...]
    classes: tuple[Share, ...]
    words: tuple[Share, ...]
    filters: tuple[Share, ...]
    missing_kinds: tuple[Share, ...]
    missing_colours: tuple[Share, ...]
    unknown_words: tuple[Share, ...]
    clicks_at: tuple[int, ...]
    clicked_products: tuple[Share, ...]


def analytics_report(session: Session, last: date, days: int) -> AnalyticsReport:
    """The report of the `days` up to `last`."""
    first = last - timedelta(days=days - 1)
    period = SearchRow.day.between(first, last)
    colour_missing = SearchRow.colour_missing
    return AnalyticsReport(
        first=first,
        last=last,
        totals=_totals(session, period),
        days=_days(session, period, first, last),
        query_types=_shares(session, period, SearchRow.query_type),
        classes=_shares(session, period, SearchRow.garment_class),
        words=_shares(session, period, SearchRow.words),
        filters=_filters(session, period),
        missing_kinds=_shares(session, period & _FAILED, SearchRow.kind),
        missing_colours=_shares(session, period & colour_missing, SearchRow.colour),
        unknown_words=_shares(session, period, SearchRow.unknown_words),
        clicks_at=_clicks_at(session, period),
        clicked_products=_clicked_products(session, period),
    )


def _count_if(condition: SQLColumnExpression[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _totals(session: Session, period: ColumnElement[bool]) -> Totals:
    row = session.execute(
        select(
            func.count(),
            _count_if(_FAILED),
            _count_if(SearchRow.results == 0),
            _count_if(SearchRow.colour_missing),
        ).where(period)
    ).one()
    events = _events(period)
    clicked = select(func.count(func.distinct(SearchEventRow.search_id))).where(
        SearchEventRow.search_id.in_(select(SearchRow.id).where(period)),
        SearchEventRow.event == "click",
    )
    by_event = events.with_only_columns(SearchEventRow.event, func.count())
    counts = session.execute(by_event.group_by(SearchEventRow.event)).all()
    return Totals(*row, session.scalar(clicked) or 0, {each[0]: each[1] for each in counts})


def _events(period: ColumnElement[bool]) -> Any:
    joined = select(SearchEventRow).join(SearchRow, SearchEventRow.search_id == SearchRow.id)
    return joined.where(period)


def _days(
    session: Session, period: ColumnElement[bool], first: date, last: date
) -> tuple[DayCount, ...]:
    query = select(SearchRow.day, func.count(), _count_if(_FAILED)).where(period)
    rows = {row[0]: row for row in session.execute(query.group_by(SearchRow.day))}
    each_day = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return tuple(DayCount(day, *rows.get(day, (day, 0, 0))[1:]) for day in each_day)


def _shares(
    session: Session, condition: ColumnElement[bool], column: InstrumentedAttribute[Any]
) -> tuple[Share, ...]:
    """The most frequent values of a column."""
    query = (
        select(column, func.count(), _count_if(_FAILED))
        .where(condition, column.is_not(None))
        .group_by(column)
        .order_by(func.count().desc(), column)
        .limit(TOP)
    )
    return tuple(Share(*row) for row in session.execute(query))


def _filters(session: Session, period: ColumnElement[bool]) -> tuple[Share, ...]:
    """The most frequent filters, counted one by one."""
    text = cast(SearchRow.filters, String)
    query = (
        select(text, func.count(), _count_if(_FAILED))
        .where(period)
        .group_by(text)
        .order_by(func.count().desc())
        .limit(_MOST_GROUPS)
    )
    counts, failed = Counter[str](), Counter[str]()
    for filters, count, failures in session.execute(query):
        for each in json.loads(filters):
            counts[each] += count
            failed[each] += failures
    return tuple(Share(each, count, failed[each]) for each, count in counts.most_common(TOP))


def _clicks_at(session: Session, period: ColumnElement[bool]) -> tuple[int, ...]:
    query = (
        _events(period)
        .with_only_columns(SearchEventRow.position, func.count())
        .where(SearchEventRow.event == "click", SearchEventRow.position <= POSITIONS)
        .group_by(SearchEventRow.position)
    )
    counts = {row[0]: row[1] for row in session.execute(query)}
    return tuple(counts.get(position, 0) for position in range(1, POSITIONS + 1))


def _clicked_products(session: Session, period: ColumnElement[bool]) -> tuple[Share, ...]:
    query = (
        _events(period)
        .with_only_columns(SearchEventRow.product_id, func.count())
        .where(SearchEventRow.event == "click")
        .group_by(SearchEventRow.product_id)
        .order_by(func.count().desc(), SearchEventRow.product_id)
        .limit(TOP)
    )
    rows: Sequence[Any] = session.execute(query).all()
    titles = dict(
        session.execute(
            select(Product.id, Product.title).where(Product.id.in_([row[0] for row in rows]))
        ).all()
    )
    return tuple(Share(titles.get(product_id, product_id), count) for product_id, count in rows)
