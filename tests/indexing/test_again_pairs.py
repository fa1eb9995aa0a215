from pathlib import Path

import numpy as np

from indexing.again_pairs import create_seen_again
from indexing.crop import GROUND
from indexing.training_views import ViewConfig, hardest_view, read_garments
from segmentation.mask import Segmentation, region_garment
from segmentation.pairs import load_mask, read_pairs
from segmentation.photos import Photo
from tests.drawn import draw_pairs


class _Middle:
    """Finds a garment in the middle of each photo, or in a corner that shows none."""

    fingerprint = "middle"

    def __init__(self, lost: bool = False) -> None:
        self._lost = lost

    def segment(self, photos: list[Photo]) -> list[Segmentation]:
        return [self._found(photo) for photo in photos]

    def _found(self, photo: Photo) -> Segmentation:
        mask = np.zeros(photo.shape[:2], bool)
        height, width = mask.shape
        if self._lost:
            mask[:3, :3] = True
        else:
            mask[height // 8 : -height // 8, width // 8 : -width // 8] = True
        # What the segmenter calls it does not count: the pair knows.
        garment = region_garment(mask, 3)
        return Segmentation((garment,), lambda: mask.astype(np.uint8))


def test_garments_seen_again_become_hard_views_of_their_originals(tmp_path: Path) -> None:
    draw_pairs(tmp_path / "pairs", 24, labels=("T-Shirt", "Dress", "Pants"))
    roots = [tmp_path / "pairs"]
    again = create_seen_again(roots, _Middle(), tmp_path / "again", views=2)
    originals = {pair.name: pair for pair in read_pairs(tmp_path / "pairs").pairs}
    assert {pair.split for pair in again.pairs} == {"train", "val"}
    for pair in again.pairs:
        before = originals[pair.name.rpartition("-again-")[0]]
        assert (pair.group, pair.split, pair.label) == (before.group, before.split, before.label)
        mask = load_mask(again.mask_path(pair))
        original = load_mask(read_pairs(tmp_path / "pairs").mask_path(before))
        assert set(np.unique(mask)) - {0} <= set(np.unique(original))
    samples = read_garments((tmp_path / "pairs", tmp_path / "again"), "train")
    plain = read_garments((tmp_path / "pairs",), "train")
    assert len(samples) == len(plain), "a photo seen again is a view, not another garment"
    shown = next(sample for sample in samples if sample.again)
    assert len(shown.again) == 2
    generator = np.random.default_rng(0)
    config = ViewConfig(found_share=1.0)
    views = [hardest_view(shown, shown.photo, 48, config, generator) for _ in range(2)]
    assert views[0].shape == (48, 48, 3)
    assert not np.array_equal(*views)
    # The found mask fills its box; a hard view of the true one would show more ground.
    assert (views[0] == GROUND).all(axis=2).mean() < 0.9


def test_what_the_segmenter_loses_teaches_nothing(tmp_path: Path) -> None:
    draw_pairs(tmp_path / "pairs", 12, labels=("T-Shirt",))
    again = create_seen_again([tmp_path / "pairs"], _Middle(lost=True), tmp_path / "again", 2)
    assert not again.pairs


def test_the_same_seed_makes_the_same_photos(tmp_path: Path) -> None:
    draw_pairs(tmp_path / "pairs", 12, labels=("T-Shirt",))
    one, two = (
        create_seen_again([tmp_path / "pairs"], _Middle(), tmp_path / name, 1, seed=5)
        for name in ("one", "two")
    )
    assert [pair.name for pair in one.pairs] == [pair.name for pair in two.pairs]
    pair = one.pairs[0]
    assert one.photo_path(pair).read_bytes() == two.photo_path(pair).read_bytes()
