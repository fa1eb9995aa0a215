"""Relevance feedback: several examples in one query, nearer to some garments, farther from others.

Rocchio, "Relevance feedback in information retrieval", in Salton (ed.), The SMART Retrieval
System, 1971, on the style and the colour half of the vectors.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from indexing.search.query import Query
from indexing.types import Vector

MORE_SHARE: Final = 0.75
"""Weight of the mean of the garments to be nearer to; the query's own is 1."""
LESS_SHARE: Final = 0.5
"""Weight, subtracted, of the mean of the garments to be farther from."""


def joined(queries: Sequence[Query], style_dimension: int) -> Query:
    """One query for several photos of what is wanted: their mean, the rest from the first."""
    vector = np.sum([each.vector for each in queries], axis=0)
    return replace(queries[0], vector=_halves_of_unit_length(vector, style_dimension))


def steered(
    query: Query, more: Sequence[Query], less: Sequence[Query], style_dimension: int
) -> Query:
    """Move a query towards the garments `more` and away from the garments `less`."""
    vector = query.vector.copy()
    if more:
        vector += MORE_SHARE * np.mean([each.vector for each in more], axis=0)
    if less:
        vector -= LESS_SHARE * np.mean([each.vector for each in less], axis=0)
    return replace(query, vector=_halves_of_unit_length(vector, style_dimension))


def _halves_of_unit_length(vector: Vector, style_dimension: int) -> Vector:
    halves = np.split(vector, [style_dimension])
    return np.concatenate([half / max(float(np.linalg.norm(half)), 1e-9) for half in halves])
