"""Groups in, train / val / test out: the same answer on every machine.

A group (a CCP photo, a sender of clothing photos) lies whole in one split, so that
no figure is measured on a photo whose sibling was trained on. The order comes from
a hash of the group's name, so adding photos does not reshuffle the others.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, Literal

Split = Literal["train", "val", "test"]
SPLITS: Final[tuple[Split, ...]] = ("train", "val", "test")
TAUGHT_WITH: Final[tuple[Split, ...]] = ("train", "val")
"""Of test photos nothing is made that training sees."""


def split_groups(groups: Iterable[str], test_photos: int, val_photos: int) -> Mapping[str, Split]:
    """Assign each group to a split.

    Args:
        groups: the group of every photo, one entry a photo.
        test_photos: how many photos to keep aside for test; reached exactly when
            every group has one photo, else not exceeded.
        val_photos: likewise for choosing a checkpoint.
    """
    sizes = Counter(groups)
    order = sorted(sizes, key=_hash_of)
    test = _take(order, sizes, test_photos)
    val = _take([group for group in order if group not in test], sizes, val_photos)
    return {
        group: "test" if group in test else "val" if group in val else "train" for group in order
    }


def _take(order: list[str], sizes: Mapping[str, int], wanted: int) -> set[str]:
    """Groups in order until `wanted` photos; one that would overshoot is passed over.

    A group with more than an eighth of the wanted photos is passed over as well:
    the figures must not be those of one sender.
    """
    taken: set[str] = set()
    photos = 0
    for group in order:
        if photos + sizes[group] <= wanted and sizes[group] <= max(1, wanted // 8):
            taken.add(group)
            photos += sizes[group]
    return taken


def _hash_of(group: str) -> str:
    return hashlib.sha256(group.encode()).hexdigest()
