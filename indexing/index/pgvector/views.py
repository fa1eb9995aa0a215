"""SQL of vectors: literals, and the three views of `garment_vector.vec` that have HNSW indices.

A score is (1 - w) * style + w * colour with a weight w chosen by the query. One index does not
serve every weight: at w = 1 among 500,000 garments it missed one in twenty of the ten nearest at
pgvector's largest effort. So the same column has three expression indices, each scaled by a weight
of its own, and a query goes to the nearest one.
"""

from dataclasses import dataclass
from typing import Final

from indexing.index.exact import scale
from indexing.index.pgvector.requirements import SCHEMA
from indexing.types import ModelFingerprint, Vector

PRODUCT: Final = f"OPERATOR({SCHEMA}.<#>)"
"""Operator of the negative inner product."""


@dataclass(frozen=True)
class View:
    """Vectors scaled by a colour weight, in 16-bit numbers."""

    name: str
    weight: float

    def expression(self, model: ModelFingerprint) -> str:
        """SQL expression of the scaled vector, the same in index and query."""
        scaled = "vec"
        if self.weight != 0.5:
            factors = scale(self.weight, model.style_dimension, model.dimension)
            scaled = f"vec OPERATOR({SCHEMA}.*) '{literal(factors)}'::{SCHEMA}.vector"
        return f"(({scaled})::{SCHEMA}.halfvec({model.dimension}))"

    def query(self, vector: Vector, weight: float, model: ModelFingerprint) -> Vector:
        """Vector whose product with a scaled vector is the score, up to a factor."""
        wanted = scale(weight, model.style_dimension, model.dimension)
        if self.weight == 0.5:
            return vector * wanted
        return vector * wanted / scale(self.weight, model.style_dimension, model.dimension)


STYLE: Final = View("style", 0.15)
EVEN: Final = View("even", 0.5)
COLOUR: Final = View("colour", 0.85)
VIEWS: Final = (STYLE, EVEN, COLOUR)


def view_for(weight: float) -> View:
    """The view whose index serves a query weight best."""
    if weight < 0.2:
        return STYLE
    return COLOUR if weight > 0.85 else EVEN


def literal(vector: Vector) -> str:
    """Text of a vector from which float32 reads the same numbers."""
    return "[" + ",".join([f"{number:.9g}" for number in vector.tolist()]) + "]"
