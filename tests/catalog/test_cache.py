"""Answers are kept while the catalogue stays as it is, and no longer."""

import time

import pytest
from sqlalchemy import event, update

from catalog.cache import QueryCache, catalogue_state
from catalog.database import Database
from catalog.filtering import facets as counting
from catalog.filtering.facets import facets
from catalog.filtering.filters import parse_filters
from catalog.garments import allowed_garments
from catalog.models import GarmentRow, PhotoRow, Product
from tests.catalog.test_queries import database as database


def test_the_latest_are_kept_for_their_time() -> None:
    kept = QueryCache[int](size=2, seconds=0.2)
    for number in range(3):
        kept.put(number, number * 10)
    assert [kept.get(number) for number in range(3)] == [None, 10, 20]
    time.sleep(0.25)
    assert kept.get(2) is None


def test_every_change_that_filters_see_changes_the_state(database: Database) -> None:
    changes = (
        lambda writing: writing.add(Product(id="new", title="New")),
        lambda writing: writing.execute(update(Product).values(price=3).where(Product.id == "new")),
        lambda writing: writing.execute(update(GarmentRow).values(kind="shirt")),
        lambda writing: writing.delete(writing.get_one(Product, "new")),
    )
    states = []
    for change in (lambda _: None, *changes):
        with database.transaction() as writing:
            change(writing)
        with database.session() as reading:
            states.append(catalogue_state(reading))
    assert len(set(states)) == len(states)


def test_allowed_ids_are_queried_once(database: Database) -> None:
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    filters = parse_filters(["brand=acme"])
    with database.session() as reading:
        first, again = (allowed_garments(reading, filters) for _ in range(2))
    assert first is again
    assert sum("lower(product.brand)" in statement for statement in asked) == 1
    with database.transaction() as writing:
        writing.execute(update(Product).values(brand="Other"))
    with database.session() as reading:
        assert len(first) > 0 == len(allowed_garments(reading, filters))


@pytest.mark.parametrize(("large", "slow"), [(3, 0.0), (3, 9.0), (4, 0.0)])
def test_only_slow_counts_of_a_large_catalogue_may_be_stale(
    database: Database, large: int, slow: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "LARGE", large)
    monkeypatch.setattr(counting, "SLOW", slow)
    monkeypatch.setattr(counting, "STALE_FACTOR", 1_000_000)
    filters = parse_filters(["brand=acme"])
    with database.session() as reading:
        before = facets(reading, filters)
    with database.transaction() as writing:
        writing.execute(update(PhotoRow).values(position=1))
        writing.execute(update(Product).values(category="another"))
    with database.session() as reading:
        # The catalogue has three products.
        assert (facets(reading, filters) == before) == (large == 3 and slow == 0.0)
