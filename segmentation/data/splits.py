"""Deterministic split of groups into train, val and test.

A group (a CCP photo, a sender of clothing photos) is never divided between splits. The order is
that of a hash of the group's name, so adding photos does not reshuffle the others.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, Literal

Split = Literal["train", "val", "test"]
SPLITS: Final[tuple[Split, ...]] = ("train", "val", "test")


def split_groups(groups: Iterable[str], test_photos: int, val_photos: int) -> Mapping[str, Split]:
    """Assign each group to a split.

    Args:
        groups: the group of every photo, one entry per photo.
        test_photos: maximum number of test photos, reached if every group has one photo.
        val_photos: likewise for val.
    """
    sizes = Counter(groups)
    order = sorted(sizes, key=_hash_of)
    test = _take(order, sizes, test_photos)
    val = _take([group for group in order if group not in test], sizes, val_photos)
    return {
        group: "test" if group in test else "val" if group in val else "train" for group in order
    }


def _take(order: list[str], sizes: Mapping[str, int], wanted: int) -> set[str]:
    """Take groups in order up to `wanted` photos, skipping those that would exceed it.

    Groups with more than an eighth of the wanted photos are skipped too, so that no sender
    dominates the figures.
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
