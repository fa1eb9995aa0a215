"""An embedded photo in, the same ready to search with out: what its masks may have missed beside.

A query is one photo, often a bad one, and somebody waits for it; a catalogue's photos are many,
and others like them stand beside them. So only a query is asked with two masks, and only where the
segmenter doubts how far a garment goes (`segmentation.reach`). The second is a guess: it may find
the very garment again, but what is merely like it is like more than the garment.
"""

from dataclasses import replace

from indexing.records import EmbeddedGarment, EmbeddedPhoto, Embedder, Probe
from segmentation.mask import Garment
from segmentation.photos import Photo


def ready_to_ask(embedder: Embedder, photo: Photo, embedded: EmbeddedPhoto) -> EmbeddedPhoto:
    """The embedded photo, its garments with what a search should ask with too."""
    seen = embedded.segmentation
    if not embedded.garments:
        possible = seen.possible()
        if possible is None:
            return embedded
        return replace(embedded, possible=embedder.embed_region(photo, possible))
    garments = tuple(
        _with_reach(embedder, photo, garment, seen.reach(place))
        for place, garment in enumerate(embedded.garments)
    )
    return replace(embedded, garments=garments)


def _with_reach(
    embedder: Embedder, photo: Photo, garment: EmbeddedGarment, reach: Garment | None
) -> EmbeddedGarment:
    if reach is None:
        return garment
    seen = embedder.embed_region(photo, reach)
    return replace(garment, also=(Probe(seen.vector, seen.tiles, is_guess=True),))
