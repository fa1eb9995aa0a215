"""Embeddings and known attributes of the main garment of each training pair.

Kinds come from the labels of the clothing dataset; patterns, sleeves and lengths from the designs
of drawn garments; sleeves and legs also from labels that imply them (a polo has short sleeves).
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from indexing.embedding.attributes import ATTRIBUTE_VALUES, height_share
from indexing.embedding.colour import describe_colours
from indexing.embedding.encoder import SegmentedGarment, StyleEncoder
from indexing.errors import IndexingError
from indexing.evaluation.metrics import Labels
from indexing.types import Vectors
from segmentation.classes import CLOTHING_CLASSES, GarmentClass
from segmentation.data.drawn import drawn_design
from segmentation.data.pairs import Pair, PairsFolder, load_mask
from segmentation.drawing.design import Design
from segmentation.drawing.fabrics import Pattern
from segmentation.errors import SegmentationError
from segmentation.mask import Garment, find_garments, one_hot
from segmentation.photos import Photo, read_photo
from segmentation.progress import Progress, no_progress

_PATTERNS: Final = {
    Pattern.PLAIN: "plain", Pattern.RIB: "plain", Pattern.CABLE: "plain",
    Pattern.MELANGE: "plain", Pattern.STRIPE: "striped", Pattern.PINSTRIPE: "striped",
    Pattern.CHECK: "checked", Pattern.GINGHAM: "checked", Pattern.DOT: "dotted",
    Pattern.FLORAL: "floral", Pattern.LEAF: "floral", Pattern.DENIM: "denim",
    Pattern.BLOCK: "colour-block",
}  # fmt: skip
_DRAWN_KINDS: Final = {
    "tee": "T-Shirt", "long sleeve": "Longsleeve", "shirt": "Shirt", "polo": "Polo",
    "sweater": "Longsleeve", "hoodie": "Hoodie", "jacket": "Outwear", "blazer": "Blazer",
    "tank": "Undershirt", "shift dress": "Dress", "a-line dress": "Dress", "maxi dress": "Dress",
    "shirt dress": "Dress", "jeans": "Pants", "trousers": "Pants", "joggers": "Pants",
    "leggings": "Pants", "shorts": "Shorts", "a-line skirt": "Skirt", "pencil skirt": "Skirt",
    "pleated skirt": "Skirt",
}  # fmt: skip
_IMPLIED: Final = {
    "T-Shirt": ("sleeve", "short"), "Polo": ("sleeve", "short"), "Longsleeve": ("sleeve", "long"),
    "Hoodie": ("sleeve", "long"), "Blazer": ("sleeve", "long"), "Outwear": ("sleeve", "long"),
    "Undershirt": ("sleeve", "none"), "Pants": ("length", "long"), "Shorts": ("length", "short"),
}  # fmt: skip
"""Sleeve or length that a clothing label implies."""


@dataclass(frozen=True, eq=False)
class PairGarments:
    """Main garments of n pairs, with vectors (n, d); all fields have the same order."""

    pairs: tuple[Pair, ...]
    classes: tuple[GarmentClass, ...]
    height_shares: tuple[float, ...]
    main_colours: tuple[str, ...]
    vectors: Vectors
    style_dimension: int

    def only(self, wanted: Sequence[int] | Labels) -> "PairGarments":
        return PairGarments(
            pairs=tuple(self.pairs[row] for row in wanted),
            classes=tuple(self.classes[row] for row in wanted),
            height_shares=tuple(self.height_shares[row] for row in wanted),
            main_colours=tuple(self.main_colours[row] for row in wanted),
            vectors=self.vectors[np.asarray(wanted, np.int64)],
            style_dimension=self.style_dimension,
        )

    def of_split(self, split: str) -> "PairGarments":
        return self.only([i for i, pair in enumerate(self.pairs) if pair.split == split])


def embed_pairs(
    folders: Sequence[PairsFolder], encoder: StyleEncoder, progress: Progress = no_progress
) -> PairGarments:
    """Embed the main garment of each pair along its true mask; unreadable pairs are left out."""
    wanted = [(folder, pair) for folder in folders for pair in folder.pairs]
    rows: list[tuple[Pair, GarmentClass, float, str]] = []
    vectors: list[Vectors] = []
    for _, pair, photo, garment in main_garments(wanted, progress):
        described = describe_colours(photo, garment)
        share = height_share(garment.box)
        rows.append((pair, garment.garment_class, share, described.colours[0].name))
        style = encoder.encode([SegmentedGarment(photo, garment)])[0]
        vectors.append(np.concatenate([style, described.vector]))
    if not rows:
        raise IndexingError("no pair has a garment; make pairs with `apparel dataset`")
    pairs, classes, shares, colours = zip(*rows, strict=True)
    return PairGarments(pairs, classes, shares, colours, np.stack(vectors), encoder.dimension)


def main_garments(
    pairs: Sequence[tuple[PairsFolder, Pair]], progress: Progress
) -> Iterator[tuple[int, Pair, Photo, Garment]]:
    """Place, pair, photo and main garments of each pair that is readable and has a garment.

    They are the largest of each class that the pair's label names, each with its own label, or
    the largest of all where it names none.
    """
    for place, (folder, pair) in enumerate(pairs):
        found = tuple[Garment, ...]()
        with suppress(SegmentationError):
            photo, mask = read_photo(folder.photo_path(pair)), load_mask(folder.mask_path(pair))
            found = find_garments(mask, one_hot(mask))
        for wanted, label in _labels_of(pair).items():
            for garment in [each for each in found if wanted in (None, each.garment_class)][:1]:
                yield place, replace(pair, label=label), photo, garment
        progress(place + 1, len(pairs))


def _labels_of(pair: Pair) -> dict[GarmentClass | None, str]:
    """Label of the largest garment of each class; class None: of the largest of all."""
    if pair.source == "drawn":
        return {drawn_design(pair.name).garment_class: ""}
    labels: dict[GarmentClass | None, str] = dict(pair.kinds.items())
    return labels or {None: ""}


def known_attributes(pair: Pair) -> dict[str, str]:
    """Attributes of a pair's garment that are known for certain."""
    if pair.source == "drawn":
        return _drawn_attributes(drawn_design(pair.name))
    if pair.label not in CLOTHING_CLASSES:
        return {}
    return {"kind": pair.label, **dict([_IMPLIED[pair.label]] if pair.label in _IMPLIED else [])}


def _drawn_attributes(design: Design) -> dict[str, str]:
    cut = design.cut
    known = {"pattern": _PATTERNS[Pattern(design.pattern)]}
    if design.kind in _DRAWN_KINDS:
        known["kind"] = _DRAWN_KINDS[design.kind]
    if cut.top:
        known["sleeve"] = _third(cut.top.sleeve, 0.1, 0.6, ATTRIBUTE_VALUES["sleeve"])
    if cut.legs:
        known["length"] = _third(cut.legs.length, 0.5, 0.82, ATTRIBUTE_VALUES["length"])
    if cut.skirt:
        known["length"] = _third(cut.skirt.hem, 98, 120, ATTRIBUTE_VALUES["length"])
    return known


def _third(size: float, first: float, second: float, names: tuple[str, ...]) -> str:
    return names[0] if size < first else names[1] if size < second else names[2]
