"""Seeded garment vectors for benchmarks, with the spectrum and clusters of real photos.

Measured on 773 garments of 600 real photos with the shipped encoder: in either half ten directions
have about 90 % of the variance, and the rest decays like i^-2.5. Styles form clusters; a colour
half is the histogram of one to three colours under varying illumination. Uniform noise would be no
test, since it has no near neighbours.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from catalog.colours import rgb_to_lab
from indexing.embedding.colour import histogram_of
from indexing.types import Vectors

LEARNT: Final = 128
KINDS: Final = 15
STYLE_DIMENSION: Final = LEARNT + KINDS
"""Parts of the shipped encoder's vector: learnt, and roots of the kinds' probabilities."""
CLUSTERS: Final = 3000
PALETTE: Final = 2000
_STRONG: Final = 10
_FALL: Final = -1.25
"""Exponent of the standard deviations' decay, half that of the variances."""
_KIND_SPREAD: Final = 3.0
"""Standard deviation of the kinds' logits; the top kind then has about .8, as in real data."""
_SHADES: Final = np.linspace(0.7, 1.2, 6)
_CHUNK: Final = 20_000

Floats = npt.NDArray[np.float32]


class GarmentVectors:
    """Generator of vectors (n, STYLE_DIMENSION + COLOUR_DIMENSION), each half of unit length."""

    def __init__(self, seed: int) -> None:
        generator = np.random.default_rng(seed)
        self._generator = generator
        ranks = np.maximum(np.arange(LEARNT) - _STRONG + 2, 1)
        self._spread = (ranks**_FALL).astype(np.float32)
        self._centres = self._normal(CLUSTERS)
        self._sizes = generator.pareto(1.5, CLUSTERS) + 0.2
        self._sizes /= self._sizes.sum()
        self._axes = np.linalg.qr(generator.normal(size=(LEARNT, LEARNT)))[0]
        self._kinds = generator.normal(0, _KIND_SPREAD, (CLUSTERS, KINDS)).astype(np.float32)
        self._palette = self._draw_palette()

    def _normal(self, count: int) -> Floats:
        noise = self._generator.standard_normal((count, LEARNT), np.float32)
        return noise * self._spread

    def _draw_palette(self) -> Floats:
        """Squared histograms, shape (PALETTE, COLOUR_DIMENSION), which mix linearly."""
        colours = self._generator.beta(0.9, 1.1, (PALETTE, 3)) * 255
        rows = []
        for rgb in colours:
            lit = np.clip(rgb * _SHADES[:, None], 0, 255).astype(np.uint8)
            rows.append(histogram_of(rgb_to_lab(lit)) ** 2)
        return np.stack(rows)

    def chunks(self, count: int) -> Iterator[Vectors]:
        """Draw `count` vectors in chunks of some thousand."""
        for start in range(0, count, _CHUNK):
            yield self.draw(min(_CHUNK, count - start))

    def draw(self, count: int) -> Vectors:
        cluster = self._generator.choice(CLUSTERS, count, p=self._sizes)
        learnt = _unit((self._centres[cluster] + 0.6 * self._normal(count)) @ self._axes)
        halves = [learnt * np.sqrt(0.5), self._kind_roots(cluster) * np.sqrt(0.5)]
        return np.hstack([*halves, self._colours(count)]).astype(np.float32)

    def _kind_roots(self, cluster: npt.NDArray[np.int64]) -> Floats:
        """Roots of the kinds' probabilities, mostly alike within a cluster."""
        noise = self._generator.standard_normal((len(cluster), KINDS), np.float32)
        odds = np.exp(self._kinds[cluster] + 0.5 * _KIND_SPREAD * noise)
        return _unit(np.sqrt(odds))

    def _colours(self, count: int) -> Floats:
        shares = self._generator.dirichlet((3.0, 0.5, 0.2), count).astype(np.float32)
        rows = self._palette[self._generator.integers(0, PALETTE, (count, 3))]
        mixed = np.einsum("nk,nkd->nd", shares, rows)
        mixed *= self._generator.lognormal(0, 0.15, mixed.shape)
        return _unit(np.sqrt(mixed))


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
