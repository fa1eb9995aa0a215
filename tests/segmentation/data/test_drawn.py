from pathlib import Path

import numpy as np

from segmentation.data.drawn import create_drawn
from segmentation.data.pairs import load_mask
from segmentation.photos import read_photo


def test_drawn_pairs_fit_and_come_out_the_same(tmp_path: Path) -> None:
    folder = create_drawn(tmp_path / "one", count=6)
    again = create_drawn(tmp_path / "two", count=6)
    assert len(folder.pairs) == 6
    for pair in folder.pairs:
        mask = load_mask(folder.mask_path(pair))
        assert mask.shape == read_photo(folder.photo_path(pair)).shape[:2]
        assert mask.max() > 0
        assert np.array_equal(mask, load_mask(again.mask_path(pair)))
