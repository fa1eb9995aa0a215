"""A garment's crop in, its tiles out; two garments' tiles in, how well the pieces of one are
found on the other.

A style vector says what a garment is on the whole, and a whole changes where a third is hidden
or the mask took in a neighbour. Its tiles are what the network sees on each square of 16 x 16
pixels of the crop, so that a collar, a print or a row of buttons can find itself again wherever
it now lies. Source: the late interaction of Khattab and Zaharia, "ColBERT", SIGIR 2020.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from indexing.crop import GROUND, Crop
from segmentation.mask import BoolMask

Scores = npt.NDArray[np.float32]
"""A number for each of n candidates, shape (n,)."""
Tiles = npt.NDArray[np.int8]
"""A garment's tiles, shape (m, d): unit vectors times 127, only of what the garment covers."""

TILE_SIDE: Final = 16
"""Pixels of a crop along each side of a tile."""
GROUND_TOLERANCE: Final = 6
"""A pixel is ground where no channel is farther from its grey than this."""
LEAST_COVERED: Final = 0.5
"""Share of a tile that must show the garment."""
UNIT: Final = 127
LOOKED_AT: Final = 150
"""Of the nearest of a garment's own class, how many are compared by their tiles ..."""
LOOKED_ELSEWHERE: Final = 25
"""... and of another class, where the segmenter may have put the same garment."""
ELSEWHERE: Final = 0.15
"""What a score loses in another class, less where details agree and nothing where wholly."""
RECOGNISED: Final = 0.86
"""From this agreement on, a garment of another class may be the same one, and answers at all."""
POWER: Final = 6
"""Of the mean over tiles; 1 would be the plain mean, a large one the best tile alone."""
UNTELLING: Final = 0.8
"""An agreement that any two garments may have."""
SHARE: Final = 0.5
"""What details count for in the style part of a score."""
SAME: Final = (0.86, 0.9)
"""Between these agreements a difference in colour counts less and less: the same garment in
another light has another colour too ..."""
LIT: Final = (0.4, 0.6)
"""... as long as light can have made it: with a cosine of the colours below these, it is the same
garment in another colour, such as a variant."""
FORGIVEN: Final = 0.9
"""Most of a difference in colour that is given back: of two variants the one in its colour wins."""
NO_TILES: Final[Tiles] = np.zeros((0, 0), np.int8)
"""Of a garment whose tiles nobody knows."""


def no_tiles() -> Tiles:
    """`NO_TILES`, as a dataclass wants its default."""
    return NO_TILES


def covered_tiles(crops: npt.NDArray[np.uint8]) -> BoolMask:
    """Which tiles show the garment, shape (n, tiles), of crops (n, side, side, 3)."""
    grid = crops.shape[1] // TILE_SIDE
    far = np.abs(crops.astype(np.int16) - GROUND).max(axis=3) > GROUND_TOLERANCE
    squares = far.reshape(len(crops), grid, TILE_SIDE, grid, TILE_SIDE).mean(axis=(2, 4))
    covered = squares.reshape(len(crops), -1) >= LEAST_COVERED
    # A garment of the ground's own grey is seen nowhere: all of the crop stands for it.
    covered[~covered.any(axis=1)] = True
    return np.asarray(covered)


def kept_tiles(vectors: npt.NDArray[np.float32], crops: Sequence[Crop]) -> list[Tiles]:
    """The covered tiles of each crop, from unit vectors (n, tiles, d)."""
    whole = np.rint(vectors * UNIT).astype(np.int8)
    covered = covered_tiles(np.stack(crops))
    return [own[shown] for own, shown in zip(whole, covered, strict=True)]


def agreement(asked: Tiles, candidates: Sequence[Tiles]) -> Scores:
    """How well each candidate shows what was asked for, shape (n,), 0 to 1.

    The power mean, over the tiles asked for, of the best cosine to any tile of the candidate: what
    is found again tells more than what is hidden, or was never the garment, can deny. 0 where
    either has no tiles.
    """
    found = np.zeros(len(candidates), np.float32)
    shown = [place for place, tiles in enumerate(candidates) if len(tiles)]
    if not len(asked) or not shown:
        return found
    best = best_cosines(asked, [candidates[place] for place in shown]).clip(0.0, 1.0)
    found[shown] = (best**POWER).mean(axis=0) ** (1 / POWER)
    return found


def best_cosines(asked: Tiles, candidates: Sequence[Tiles]) -> npt.NDArray[np.float32]:
    """The best cosine of each of m tiles to any of each candidate's, (m, n); all have some."""
    starts = np.cumsum([0, *(len(tiles) for tiles in candidates[:-1])])
    stacked = np.concatenate(candidates).astype(np.float32)
    cosines = asked.astype(np.float32) @ stacked.T / UNIT**2
    return np.asarray(np.maximum.reduceat(cosines, starts, axis=1), np.float32)


def are_compared(tiles: Tiles, colour_weight: float) -> bool:
    """Whether a search with these looks at details: not without tiles, nor in colour alone."""
    return len(tiles) > 0 and colour_weight < 1


def vector_weight(colour_weight: float) -> float:
    """The weight of colour by which vectors are compared before details are looked at.

    Details take `SHARE` of what style counts for, so colour counts for more among vectors: a
    list whose first scores have details then goes on in the same order where it has none.
    """
    return colour_weight / (1 - SHARE * (1 - colour_weight))


def with_details(
    scores: Scores,
    details: Scores,
    colour_weight: float,
    elsewhere: BoolMask | bool,
    colours: Scores | None = None,
) -> Scores:
    """Scores (n,) mixed with how well the tiles agree, (n,); 0 where nobody has looked.

    Agreement up to `UNTELLING` adds nothing, as if nobody had looked. Of another class, what is
    not `RECOGNISED` gets -inf.

    Args:
        scores: of the vectors, by `vector_weight(colour_weight)`.
        elsewhere: whether a candidate is of another class than what was searched with.
        colours: cosines of the colour halves, (n,); None where the colour asked for is not the
            garment's own, so that even the `SAME` garment must have it.
    """
    told = _risen(details, UNTELLING, 1.0)
    share = SHARE * (1 - colour_weight)
    mixed = (1 - share) * scores + share * told
    if colours is not None:
        forgiven = FORGIVEN * _risen(details, *SAME) * _risen(colours, *LIT)
        mixed += forgiven * colour_weight * (1 - colours)
    lost = np.where(details >= RECOGNISED, ELSEWHERE * (1 - told), np.inf)
    return np.asarray(np.where(elsewhere, mixed - lost, mixed), np.float32)


def _risen(details: Scores, least: float, most: float) -> Scores:
    """How far agreements have risen from one to another, 0 to 1."""
    return np.asarray(np.clip((details - least) / (most - least), 0.0, 1.0), np.float32)


def look_closer(
    scores: Scores,
    colour_weight: float,
    asked: Tiles,
    candidates: Sequence[Tiles],
    own: BoolMask | None = None,
    colours: Scores | None = None,
) -> Scores:
    """Scores (n,) of all candidates, of which the best are compared by their tiles.

    Args:
        scores: of the vectors, by `vector_weight(colour_weight)`; -inf: may not answer.
        own: which candidates are of the class searched with, (n,); None: all.
        colours: as of `with_details`.
    """
    own = np.ones(len(scores), bool) if own is None else own
    details = np.zeros_like(scores)
    for group, count in ((own, LOOKED_AT), (~own, LOOKED_ELSEWHERE)):
        places = np.flatnonzero(group & np.isfinite(scores))
        best = places[np.argsort(-scores[places], kind="stable")[:count]]
        details[best] = agreement(asked, [candidates[place] for place in best])
    return with_details(scores, details, colour_weight, ~own, colours)


def tiles_to_bytes(tiles: Tiles) -> bytes:
    """As stored: a byte with the numbers of a tile, then the tiles one after another."""
    return bytes([tiles.shape[1]]) + tiles.tobytes()


def tiles_from_bytes(stored: bytes) -> Tiles:
    """As they were before `tiles_to_bytes`."""
    return np.frombuffer(stored, np.int8, offset=1).reshape(-1, stored[0] or 1)
