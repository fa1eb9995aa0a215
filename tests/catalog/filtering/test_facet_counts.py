"""A facet's count is the number of products that the filter then finds."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from catalog.filtering.facets import Facets, count_facets
from catalog.filtering.filters import class_named, parse_filters
from catalog.filtering.word_conditions import understand
from catalog.queries import list_products
from indexing.benchmarks.scale.shop import fill_shop


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A shop in which four of ten photos show a second garment, which is not the product."""
    database = fill_shop(Path(tmp_path_factory.mktemp("shop")), 400)
    with database.session() as reading:
        yield reading
    database.close()


def values(found: Facets) -> Iterator[tuple[str, str, int]]:
    named = {
        "brand": found.brands[:5],
        "category": found.categories[:5],
        "availability": found.availability,
        "colour": found.colours,
        "class": found.classes,
    }
    for name, counted in named.items():
        yield from ((name, each.value, each.count) for each in counted)
    for facet in found.attributes:
        yield from ((facet.name, each.value, each.count) for each in facet.values)


@pytest.mark.parametrize("words", ["", "dress", "-red tee"])
@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["class=upper"],
        ["class=lower", "price_max=150"],
        ["colour=red"],
        ["colour!=red", "size=M"],
        ["availability=in stock", "worn_with=true"],
    ],
)
def test_choosing_a_value_finds_as_many_as_were_counted(
    session: Session, texts: list[str], words: str
) -> None:
    filters = replace(parse_filters(texts), words=understand(session, words).query)
    found = count_facets(session, filters, 50, ("size", "fit"))
    seen = 0
    for name, value, count in values(found):
        others = filters.without(name)
        if name == "class":
            chosen = replace(others, garment_class=class_named(value))
        elif name in ("size", "fit"):
            chosen = replace(others, attributes=(*others.attributes, (name, value)))
        else:
            chosen = replace(others, **{name: value})
        assert list_products(session, filters=chosen).total == count, (name, value)
        seen += count
    assert seen > 0
