import numpy as np

from segmentation.data.labels import PARTS, Codes
from segmentation.training.shop_views import figure_window, on_studio_background


def _figure(upper: str, lower: str) -> Codes:
    codes = np.zeros((200, 100), np.uint8)
    codes[20:90, 30:70] = PARTS.index(upper)
    codes[90:180, 30:70] = PARTS.index(lower)
    return codes


def test_tops_and_trousers_are_cut_anywhere() -> None:
    codes = _figure("shirt", "trousers")
    heights = {
        codes[figure_window(codes, np.random.default_rng(seed))].shape[0] for seed in range(40)
    }
    assert len(heights) > 10
    assert max(heights) < 200


def test_a_dress_is_never_cut_in_two() -> None:
    codes = _figure("dress", "dress")
    shown = {
        (codes[figure_window(codes, np.random.default_rng(seed))] > 0).sum() / (codes > 0).sum()
        for seed in range(40)
    }
    assert min(shown) >= 0.75


def test_a_photo_without_a_figure_stays_whole() -> None:
    codes = np.zeros((50, 40), np.uint8)
    assert codes[figure_window(codes, np.random.default_rng(0))].shape == (50, 40)


def test_a_studio_background_leaves_the_figure() -> None:
    codes = _figure("shirt", "trousers")
    photo = np.full((200, 100, 3), 40, np.uint8)
    view = on_studio_background(photo, codes == 0, np.random.default_rng(0))
    assert (view[60:150, 40:60] == 40).all()
    assert (view[:10] > 140).all()
