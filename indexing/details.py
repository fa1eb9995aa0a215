"""What an index found for each probe in; the same in a new order out, the best compared by tiles.

Vectors find what is alike on the whole; tiles tell which of these is the very garment
(`indexing.tiles`).
"""

from collections.abc import Mapping
from math import isfinite

import numpy as np
from sqlalchemy.orm import Session

from indexing.question import Probes, Question
from indexing.records import Hit, Probe
from indexing.tiles import NO_TILES, Tiles, agreement, with_details
from indexing.vectors import stored_tiles


def looked_at(
    session: Session, probes: Probes, found: list[list[Hit]], question: Question
) -> list[list[Hit]]:
    """The hits of each probe in a new order: the best of them compared by their tiles."""
    best = [
        hits[: question.looked_at_for(probe.is_guess)]
        for hits, probe in zip(found, probes, strict=True)
    ]
    known = stored_tiles(session, question.model_id, garment_ids(best))
    return [
        _compared(hits, len(looked), probe, known, question)
        for hits, looked, probe in zip(found, best, probes, strict=True)
    ]


def _compared(
    hits: list[Hit], count: int, probe: Probe, known: Mapping[int, Tiles], question: Question
) -> list[Hit]:
    """The hits of one probe, the first `count` of them looked at."""
    if not hits:
        return hits
    candidates = [known.get(hit.garment_id, NO_TILES) for hit in hits[:count]]
    details = np.zeros(len(hits), np.float32)
    details[:count] = agreement(probe.tiles, candidates)
    scores = np.array([hit.score for hit in hits], np.float32)
    colours = np.array([hit.colour for hit in hits], np.float32) if question.own_colour else None
    scores = with_details(scores, details, question.colour_weight, probe.is_guess, colours)
    # Written out: `dataclasses.replace` takes three times as long, hundreds of times a query.
    told = [
        Hit(
            hit.garment_id,
            score,
            hit.style,
            hit.colour,
            detail if hit.garment_id in known else None,
        )
        for hit, score, detail in zip(hits, scores.tolist(), details.tolist(), strict=True)
        if isfinite(score)
    ]
    return sorted(told, key=falling)


def garment_ids(found: list[list[Hit]]) -> list[int]:
    """Garments that any probe found, each once."""
    return list(dict.fromkeys(hit.garment_id for hits in found for hit in hits))


def falling(hit: Hit) -> float:
    """To sort by: the best first."""
    return -hit.score
