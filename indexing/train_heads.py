"""Pairs folders and an encoder in; attribute heads and closeness with their cards out.

    main garment of each pair -> vector -> heads (train senders, choice on val, figures on test)
                                       \\-> closeness (val senders against train, figures on test)

The encoder stays as it is, so this takes a minute or two. Kinds come from the clothing labels;
patterns, sleeves and lengths from drawn garments, whose design is known exactly, and sleeves
and legs also from clothing labels that settle them (a polo has short sleeves).
"""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import save_file
from scipy.optimize import isotonic_regression
from torch.nn import functional

from catalog.files import file_sha256, publishing
from indexing.attributes import (
    ATTRIBUTE_VALUES,
    AttributeHeads,
    HeadsCard,
    features_of,
    height_share,
    possible,
)
from indexing.closeness import Closeness, ClosenessCard, Curve, nearness
from indexing.colour import describe_colours
from indexing.crop import crop_garment
from indexing.encoder import BATCH_SIZE, StyleEncoder
from indexing.errors import IndexingError
from indexing.labelled import NO_PROGRESS, Progress
from indexing.metrics import Figures, Labels, macro_mean, mean_with_interval, roc_area
from indexing.stages import Vectors
from segmentation.classes import CLOTHING_CLASSES, GARMENT_CLASSES, GarmentClass
from segmentation.drawn_pairs import drawn_design
from segmentation.errors import SegmentationError
from segmentation.mask import find_garments, one_hot
from segmentation.pairs import Pair, PairsFolder, load_mask, read_pairs
from segmentation.photos import read_photo
from segmentation.synthetic.design import Design
from segmentation.synthetic.fabrics import Pattern
from segmentation.synthetic.legs import LegCut
from segmentation.synthetic.skirts import SkirtCut
from segmentation.synthetic.styles import WholeCut
from segmentation.synthetic.torso import TopCut

DECAYS: Final = (1e-3, 1e-4, 1e-5)
"""Weight decays that are tried; the best on val senders is kept."""
NEIGHBOURS: Final = 10
KNOTS: Final = 16
DISTANT_SHARE: Final = 0.05
"""So many queries whose kind the catalogue has may be told that nothing is close."""
LEAST_OF_KIND: Final = 5

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
_SETTLED: Final = {
    "T-Shirt": ("sleeve", "short"), "Polo": ("sleeve", "short"), "Longsleeve": ("sleeve", "long"),
    "Hoodie": ("sleeve", "long"), "Blazer": ("sleeve", "long"), "Outwear": ("sleeve", "long"),
    "Undershirt": ("sleeve", "none"), "Pants": ("length", "long"), "Shorts": ("length", "short"),
}  # fmt: skip
"""Sleeve or length that a clothing label settles."""


@dataclass(frozen=True, eq=False)
class PairGarments:
    """The main garments of some pairs with their vectors (n, d); all in the same order."""

    pairs: tuple[Pair, ...]
    classes: tuple[GarmentClass, ...]
    height_shares: tuple[float, ...]
    main_colours: tuple[str, ...]
    vectors: Vectors
    style_dimension: int

    def only(self, wanted: Sequence[int] | Labels) -> "PairGarments":
        """The garments at these positions."""
        return PairGarments(
            tuple(self.pairs[place] for place in wanted),
            tuple(self.classes[place] for place in wanted),
            tuple(self.height_shares[place] for place in wanted),
            tuple(self.main_colours[place] for place in wanted),
            self.vectors[np.asarray(wanted, np.int64)],
            self.style_dimension,
        )

    def of_split(self, split: str) -> "PairGarments":
        """The garments of one split."""
        return self.only([i for i, pair in enumerate(self.pairs) if pair.split == split])


def train_heads(
    roots: Sequence[Path], encoder: StyleEncoder, out: Path, progress: Progress = NO_PROGRESS
) -> tuple[HeadsCard, ClosenessCard]:
    """Fit and write attributes.safetensors and closeness.json into a folder; their cards."""
    garments = embed_pairs([read_pairs(root) for root in roots], encoder, progress)
    train, val, test = (garments.of_split(split) for split in ("train", "val", "test"))
    if not train.pairs or not val.pairs or not test.pairs:
        raise IndexingError("a split has no garments; make pairs with `apparel dataset`")
    weights = {name: _fit_head(name, train, val) for name in ATTRIBUTE_VALUES}
    card = _write_heads(weights, encoder.fingerprint, test, out / "attributes.safetensors")
    closeness = _fit_closeness(encoder.fingerprint, train, val, test)
    with publishing(out / "closeness.json") as temporary:
        temporary.write_text(json.dumps(dataclasses.asdict(closeness), indent=2) + "\n")
    return card, closeness


def embed_pairs(
    folders: Sequence[PairsFolder], encoder: StyleEncoder, progress: Progress = NO_PROGRESS
) -> PairGarments:
    """The main garment of each pair, by its true mask; pairs that cannot be read are left out."""
    wanted = [(folder, pair) for folder in folders for pair in folder.pairs]
    rows: list[tuple[Pair, GarmentClass, float, str]] = []
    parts: list[Vectors] = []
    for start in range(0, len(wanted), BATCH_SIZE):
        crops, halves = [], []
        for folder, pair in wanted[start : start + BATCH_SIZE]:
            try:
                photo = read_photo(folder.photo_path(pair))
                mask = load_mask(folder.mask_path(pair))
            except SegmentationError:
                continue
            found = find_garments(mask, one_hot(mask))
            asked = _class_of(pair)
            garment = next((each for each in found if asked in (None, each.garment_class)), None)
            if garment is None:
                continue
            described = describe_colours(photo, garment)
            share = height_share(garment.box)
            rows.append((pair, garment.garment_class, share, described.colours[0].name))
            crops.append(crop_garment(photo, garment, encoder.side))
            halves.append(described.vector)
        if crops:
            parts.append(np.concatenate([encoder.encode(crops), np.stack(halves)], axis=1))
        progress(min(start + BATCH_SIZE, len(wanted)), len(wanted))
    if not rows:
        raise IndexingError("no pair has a garment; make pairs with `apparel dataset`")
    pairs, classes, shares, colours = zip(*rows, strict=True)
    return PairGarments(pairs, classes, shares, colours, np.concatenate(parts), encoder.dimension)


def _class_of(pair: Pair) -> GarmentClass | None:
    """The class of the garment that a pair is about; None takes the largest."""
    if pair.source == "drawn":
        return drawn_design(pair.name).garment_class
    return CLOTHING_CLASSES.get(pair.label)


def known_attributes(pair: Pair) -> dict[str, str]:
    """What is known for certain of a pair's garment."""
    if pair.source == "drawn":
        return _drawn_attributes(drawn_design(pair.name))
    if pair.label not in CLOTHING_CLASSES:
        return {}
    return {"kind": pair.label, **dict([_SETTLED[pair.label]] if pair.label in _SETTLED else [])}


def _drawn_attributes(design: Design) -> dict[str, str]:
    cut = design.cut
    top = cut.top if isinstance(cut, WholeCut) else cut
    below = cut.below if isinstance(cut, WholeCut) else cut
    known = {"pattern": _PATTERNS[Pattern(design.pattern)]}
    if design.kind in _DRAWN_KINDS:
        known["kind"] = _DRAWN_KINDS[design.kind]
    if isinstance(top, TopCut):
        known["sleeve"] = _third(top.sleeve, 0.1, 0.6, ATTRIBUTE_VALUES["sleeve"])
    if isinstance(below, LegCut):
        known["length"] = _third(below.length, 0.5, 0.82, ATTRIBUTE_VALUES["length"])
    if isinstance(below, SkirtCut):
        known["length"] = _third(below.hem, 98, 120, ATTRIBUTE_VALUES["length"])
    return known


def _third(size: float, first: float, second: float, names: tuple[str, ...]) -> str:
    return names[0] if size < first else names[1] if size < second else names[2]


def _truth(attribute: str, garments: PairGarments) -> Labels:
    """Position of each garment's value; -1 where it is not known."""
    values = ATTRIBUTE_VALUES[attribute]
    known = (known_attributes(pair).get(attribute) for pair in garments.pairs)
    return np.array([values.index(value) if value in values else -1 for value in known])


def _features(garments: PairGarments) -> Vectors:
    return features_of(garments.vectors, garments.classes, garments.height_shares)


def _fit_head(attribute: str, train: PairGarments, val: PairGarments) -> Vectors:
    """The weights, of those that several decays give, that are right most often on val."""
    tried = [_fit_weights(attribute, train, decay) for decay in DECAYS]
    card = HeadsCard("", 0, "")
    return max(
        tried,
        key=lambda weights: _right(
            AttributeHeads({attribute: weights}, card), attribute, val
        ).mean(),
    )


def _fit_weights(attribute: str, garments: PairGarments, decay: float) -> Vectors:
    """Softmax regression by L-BFGS; rare values weigh more, by the root of their rarity."""
    truth = _truth(attribute, garments)
    known = np.flatnonzero(truth >= 0)
    if not len(known):
        raise IndexingError(
            f"no pair says anything of {attribute}; add drawn pairs (`apparel dataset drawn`)"
        )
    features = torch.from_numpy(_features(garments)[known])
    answers = torch.from_numpy(truth[known])
    allowed = torch.from_numpy(possible(attribute, garments.classes)[known])
    counts = torch.bincount(answers, minlength=allowed.shape[1]).clamp(min=1).float()
    importance = counts.rsqrt()[answers]
    weights = torch.zeros(features.shape[1], allowed.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=150, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        logits = (features @ weights).masked_fill(~allowed, -1e4)
        errors = functional.cross_entropy(logits, answers, reduction="none")
        total = (errors * importance).sum() / importance.sum() + decay * weights.square().sum()
        total.backward()
        return total

    optimiser.step(loss)
    return np.asarray(weights.detach().numpy(), np.float32)


def _right(heads: AttributeHeads, attribute: str, garments: PairGarments) -> Figures:
    """1 for each garment whose value is known and told right, 0 where it is told wrong."""
    truth = _truth(attribute, garments)
    predicted = heads.probabilities(attribute, _features(garments), garments.classes).argmax(axis=1)
    return np.asarray((predicted == truth)[truth >= 0], np.float64)


def _write_heads(
    weights: dict[str, Vectors], encoder: str, test: PairGarments, path: Path
) -> HeadsCard:
    path.parent.mkdir(parents=True, exist_ok=True)
    with publishing(path) as temporary:
        save_file(weights, temporary)
    features = len(next(iter(weights.values())))
    card = HeadsCard(encoder, features, str(file_sha256(path)))
    heads = AttributeHeads(weights, card)
    card = dataclasses.replace(
        card, figures={name: _head_figures(heads, name, test) for name in weights}
    )
    with publishing(path.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(dataclasses.asdict(card), indent=2) + "\n")
    return card


def _head_figures(heads: AttributeHeads, attribute: str, test: PairGarments) -> dict[str, float]:
    """Accuracy on test garments with its interval, over values, and of the commonest value."""
    truth = _truth(attribute, test)
    known = truth[truth >= 0]
    if not len(known):
        return {}
    right = _right(heads, attribute, test)
    figure = mean_with_interval(right)
    return {
        "accuracy": figure.value,
        "low": figure.low,
        "high": figure.high,
        "macro_accuracy": macro_mean(right, known),
        "commonest_value": float(np.bincount(known).max() / len(known)),
        "garments": float(len(known)),
    }


# -- closeness


def _fit_closeness(
    encoder: str, train: PairGarments, val: PairGarments, test: PairGarments
) -> ClosenessCard:
    """Curves from val against train; limits likewise; figures from test against train."""
    answers = _labelled(train)
    card = _curves(encoder, _labelled(val), answers)
    near = _nearness(Closeness(card), _labelled(val), answers, absent=False)
    limits = {}
    for garment_class in GARMENT_CLASSES:
        of_class = near[np.array([each == garment_class for each in _labelled(val).classes])]
        limits[garment_class.label] = (
            float(np.quantile(of_class, DISTANT_SHARE)) if len(of_class) else 0.0
        )
    card = dataclasses.replace(card, limits=limits)
    return dataclasses.replace(card, figures=_closeness_figures(card, _labelled(test), answers))


def _labelled(garments: PairGarments) -> PairGarments:
    return garments.only([i for i, pair in enumerate(garments.pairs) if pair.label])


def _curves(encoder: str, queries: PairGarments, answers: PairGarments) -> ClosenessCard:
    cut = queries.style_dimension
    kinds = [np.array([pair.label for pair in each.pairs]) for each in (queries, answers)]
    colours = [np.array(each.main_colours) for each in (queries, answers)]
    style: dict[str, Curve] = {}
    colour: dict[str, Curve] = {}
    for garment_class in GARMENT_CLASSES:
        asked = [i for i, each in enumerate(queries.classes) if each == garment_class]
        given = [i for i, each in enumerate(answers.classes) if each == garment_class]
        if not asked or not given:
            raise IndexingError(
                f"no {garment_class.label} garments with a label to fit closeness on; "
                "add the clothing pairs"
            )
        mine, theirs = queries.vectors[asked], answers.vectors[given]
        for curves, part, names in (
            (style, slice(0, cut), kinds),
            (colour, slice(cut, None), colours),
        ):
            cosines = mine[:, part] @ theirs[:, part].T
            same = names[0][asked][:, None] == names[1][given][None]
            curves[garment_class.label] = fit_curve(*_nearest(cosines, same))
    return ClosenessCard(encoder, style, colour, {})


def _nearest(cosines: Vectors, same: npt.NDArray[np.bool_]) -> tuple[Figures, Figures]:
    """Cosine and truth of each query's nearest answers, and of as many taken evenly."""
    order = np.argsort(-cosines, axis=1, kind="stable")
    places = np.linspace(0, order.shape[1] - 1, NEIGHBOURS).astype(int)
    taken = np.concatenate([order[:, :NEIGHBOURS], order[:, places]], axis=1)
    return (
        np.take_along_axis(cosines, taken, axis=1).ravel().astype(np.float64),
        np.take_along_axis(same, taken, axis=1).ravel().astype(np.float64),
    )


def fit_curve(cosines: Figures, same: Figures) -> Curve:
    """A rising curve of the chance of `same` by cosine, through a few knots."""
    order = np.argsort(cosines, kind="stable")
    chances = isotonic_regression(same[order]).x
    bins = np.array_split(np.arange(len(order)), min(KNOTS, len(order)))
    return Curve(
        tuple(round(float(cosines[order][part].mean()), 4) for part in bins),
        tuple(round(float(chances[part].mean()), 4) for part in bins),
    )


def _nearness(
    closeness: Closeness, queries: PairGarments, answers: PairGarments, absent: bool
) -> Figures:
    """How near each query's results are; `absent` leaves its own kind out of the catalogue."""
    cut = queries.style_dimension
    kinds = np.array([pair.label for pair in answers.pairs])
    classes = np.array([int(each) for each in answers.classes])
    near = []
    for place, pair in enumerate(queries.pairs):
        own = classes == int(queries.classes[place])
        if absent:
            own &= kinds != pair.label
        styles = answers.vectors[own, :cut] @ queries.vectors[place, :cut]
        nearest = -np.sort(-styles)[:NEIGHBOURS]
        garment_class = queries.classes[place]
        near.append(nearness([closeness.same_kind(garment_class, float(each)) for each in nearest]))
    return np.array(near)


def _closeness_figures(
    card: ClosenessCard, queries: PairGarments, answers: PairGarments
) -> dict[str, list[float]]:
    """ROC area of kinds present against absent, and how often each is told to be distant."""
    closeness = Closeness(card)
    present = _nearness(closeness, queries, answers, absent=False)
    absent = _nearness(closeness, queries, answers, absent=True)
    area = roc_area(present, absent)
    limits = np.array([card.limits[each.label] for each in queries.classes])
    told = [mean_with_interval(np.asarray(each < limits, float)) for each in (present, absent)]
    return {
        "roc_area": [area.value, area.low, area.high],
        "told_distant_though_present": [told[0].value, told[0].low, told[0].high],
        "told_distant_when_absent": [told[1].value, told[1].low, told[1].high],
    }
