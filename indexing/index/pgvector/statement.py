"""The statement of a search: filter, HNSW index, exact ranking, all in one.

    passing   products or garments that pass the filters, up to `limit` + 1
    near      of each class: all that pass, exactly, where they are few; else by the HNSW index,
              which is read until enough pass
    ranked    of those the best by float32, with both parts of the score

The branch that is not taken is never executed. Each branch orders by the bare distance: wrapped
into anything else, it would lose the index.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isqrt
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    TextClause,
    column,
    exists,
    func,
    literal_column,
    select,
    table,
    text,
    union_all,
)

from catalog.filtering.conditions import garment_value_conditions, product_value_conditions
from catalog.models import GarmentRow, PhotoRow, Product
from indexing.index.exact import scale
from indexing.index.pgvector.requirements import SCHEMA
from indexing.index.pgvector.views import PRODUCT, literal, view_for
from indexing.search.query import Query
from indexing.types import ModelFingerprint
from segmentation.classes import GarmentClass

Branch = Literal["exact", "index", "either"]
MIN_POOL: Final = 200
"""Candidates of an index that are ranked exactly, at least ..."""
POOL_SHARE: Final = 1.5
"""... and so many for each hit that is wanted."""
_VECTOR: Final = table(
    "garment_vector",
    column("garment_class", Integer),
    column("model_id", Integer),
    column("garment_id", BigInteger),
    column("product_nr", BigInteger),
    column("worn_with", Boolean),
    column("vec"),
)
_NR: Final[ColumnElement[int]] = literal_column("product.nr", BigInteger)
_IS_OF: Final[ColumnElement[bool]] = _VECTOR.c.product_nr == _NR


def exact_limit(garments: int) -> int:
    """Number of garments that pass a filter from which the index costs less than scoring all.

    Scoring takes about 1.7 ms a thousand, the index 3.5 ms divided by the share that passes
    (`indexing/benchmarks/scale/README.md`).
    """
    return isqrt(2_000 * garments)


class _Passing(NamedTuple):
    """Products or garments that pass the filters: the selection `key`, and their number."""

    keys: CTE
    number: ScalarSelect[int]


@dataclass(frozen=True, eq=False)
class NearestStatement:
    """Makes the statement for one query on one model's vectors.

    Attributes:
        depth: maximum number of hits.
        limit: if no more garments pass the filters, all of them are scored.
        branch: "exact" scores all that pass, "index" reads the HNSW index, "either" decides by how
            many pass.
    """

    model_id: int
    model: ModelFingerprint
    query: Query
    depth: int
    limit: int
    branch: Branch = "either"

    def select(self) -> Select[Any]:
        """Rows (garment id, product id, score, style, colour), the nearest first.

        A sixth column is the number of `passing`; 0 where it is not counted.
        """
        filtered = not self.query.filters.is_empty and self.branch != "index"
        passing = self._passing() if filtered else None
        parts = [
            part for each in self.query.searched_classes for part in self._parts(each, passing)
        ]
        near = (parts[0] if len(parts) == 1 else union_all(*parts)).cte("near")
        cut = self.model.style_dimension
        style = f"{SCHEMA}.subvector(near.vec, 1, {cut}) {PRODUCT} :style_half"
        colour = (
            f"{SCHEMA}.subvector(near.vec, {cut + 1}, {self.model.colour_dimension}) "
            f"{PRODUCT} :colour_half"
        )
        number = literal_column("0") if passing is None else passing.number
        distance = f"near.vec {PRODUCT} :query"
        halves = np.split(self.query.vector, [cut])
        ranked = (
            select(
                near.c.garment_id,
                near.c.product_nr,
                _bound(f"-({distance}) AS score", query=self._scaled),
                _bound(f"-({style}) AS style", style_half=literal(halves[0])),
                _bound(f"-({colour}) AS colour", colour_half=literal(halves[1])),
                number.label("passing"),
            )
            .order_by(_bound(distance, query=self._scaled), near.c.garment_id)
            .limit(self.depth)
            .cte("ranked")
        )
        product = Product.__table__.join(ranked, ranked.c.product_nr == _NR)
        return (
            select(
                ranked.c.garment_id,
                Product.id,
                literal_column("ranked.score"),
                literal_column("ranked.style"),
                literal_column("ranked.colour"),
                ranked.c.passing,
            )
            .select_from(product)
            .order_by(literal_column("ranked.score").desc(), ranked.c.garment_id)
        )

    @property
    def _scaled(self) -> str:
        """Text of the query vector whose product with a vector is its score."""
        factors = scale(self.query.colour_weight, self.model.style_dimension, self.model.dimension)
        return literal(self.query.vector * factors)

    def _passing(self) -> _Passing:
        """Numbers of the products that pass, or ids of the garments where these are tested."""
        own = product_value_conditions(self.query.filters, by_row=True)
        worn = garment_value_conditions(self.query.filters)
        some: Select[Any] = select(_NR.label("key")).select_from(Product)
        if worn:
            some = select(GarmentRow.id.label("key"))
        if worn and own:
            some = some.join(PhotoRow, GarmentRow.photo_id == PhotoRow.id)
            some = some.join(Product, PhotoRow.product_id == Product.id)
        some = some.where(*own, *worn)
        if self.branch == "either":
            some = some.limit(self.limit + 1)
        keys = some.cte("passing").prefix_with("MATERIALIZED")
        counted = select(func.count(keys.c.key).label("number")).cte("counted")
        number = select(counted.prefix_with("MATERIALIZED").c.number).scalar_subquery()
        return _Passing(keys, number)

    def _parts(
        self, garment_class: GarmentClass, passing: _Passing | None
    ) -> Iterator[Select[Any]]:
        """The nearest of a class, selected in one or two ways."""
        if self.branch == "exact":
            yield self._exactly(garment_class, passing)
        elif passing is None:
            yield self._by_index(garment_class)
        else:
            few = passing.number <= self.limit
            yield self._exactly(garment_class, passing).where(few)
            yield self._by_index(garment_class).where(~few)

    def _exactly(self, garment_class: GarmentClass, passing: _Passing | None) -> Select[Any]:
        """All that pass, ordered by float32."""
        selected = self._selected(garment_class)
        if passing is not None:
            worn = garment_value_conditions(self.query.filters)
            key = _VECTOR.c.garment_id if worn else _VECTOR.c.product_nr
            selected = selected.select_from(_VECTOR.join(passing.keys, key == passing.keys.c.key))
        nearest = _bound(f"garment_vector.vec {PRODUCT} :query", query=self._scaled)
        return selected.order_by(nearest).limit(self.depth)

    def _by_index(self, garment_class: GarmentClass) -> Select[Any]:
        """Candidates in the order of an HNSW index, each tested as it is read."""
        query, view = self.query, view_for(self.query.colour_weight)
        selected = self._selected(garment_class)
        if not query.filters.is_empty:
            selected = selected.where(self._passes())
        scaled = literal(view.query(query.vector, query.colour_weight, self.model))
        nearest = text(
            f"{view.expression(self.model)} {PRODUCT} CAST(:scaled AS {SCHEMA}.halfvec)"
        ).bindparams(scaled=scaled)
        pool = max(MIN_POOL, int(POOL_SHARE * self.depth))
        return selected.order_by(nearest).limit(pool)

    def _passes(self) -> ColumnElement[bool]:
        """Whether a candidate passes the filters."""
        own = product_value_conditions(self.query.filters, by_row=True)
        worn = garment_value_conditions(self.query.filters, by_row=True)
        tested: Select[Any] = select(literal_column("1")).select_from(Product)
        if worn:
            joined = Product.__table__.join(GarmentRow.__table__, _IS_OF)
            tested = select(literal_column("1")).select_from(joined)
            tested = tested.where(GarmentRow.id == _VECTOR.c.garment_id)
        return exists(tested.where(_IS_OF, *own, *worn).correlate(_VECTOR))

    def _selected(self, garment_class: GarmentClass) -> Select[Any]:
        """The vectors of a class and the model, as numbers that the planner sees."""
        selected = select(_VECTOR.c.garment_id, _VECTOR.c.product_nr, _VECTOR.c.vec).where(
            text(f"garment_vector.garment_class = {int(garment_class)}"),
            text(f"garment_vector.model_id = {self.model_id}"),
        )
        return selected if self.query.filters.worn_with else selected.where(~_VECTOR.c.worn_with)


def _bound(sql: str, **values: str) -> TextClause:
    """SQL with vectors bound by name."""
    for name in values:
        sql = sql.replace(f":{name}", f"CAST(:{name} AS {SCHEMA}.vector)")
    return text(sql).bindparams(**values)
