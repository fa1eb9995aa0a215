import numpy as np
import pytest

from segmentation.edges import with_edges
from segmentation.mask import one_hot
from segmentation.photos import Photo
from segmentation.preprocess import cells_of

HEIGHT, WIDTH, STRIDE = 96, 64, 4


def _disc() -> tuple[Photo, np.ndarray]:
    """A red disc on noisy grey, and where it is."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    disc = (rows - 50) ** 2 + (columns - 30) ** 2 < 21**2
    photo = np.where(disc[..., None], (180, 40, 50), (120, 125, 130))
    noise = np.random.default_rng(0).normal(0, 6, photo.shape)
    return (photo + noise).clip(0, 255).astype(np.uint8), disc


def _coarse(mask: np.ndarray) -> np.ndarray:
    """Class probabilities of its cells, blurred as a network's are."""
    whole = one_hot(mask.astype(np.uint8) * 2)
    cells = whole.reshape(4, HEIGHT // STRIDE, STRIDE, WIDTH // STRIDE, STRIDE).mean(axis=(2, 4))
    return np.asarray(0.8 * cells + 0.05, np.float32)


def test_the_mask_ends_where_the_colour_does() -> None:
    photo, disc = _disc()
    found = with_edges(photo, cells_of(photo, STRIDE), _coarse(disc))
    assert found.shape == (4, HEIGHT, WIDTH)
    assert found.dtype == np.float32
    plain = np.repeat(np.repeat(_coarse(disc), STRIDE, axis=1), STRIDE, axis=2)
    wrong, wrong_before = (((each.argmax(0) == 2) != disc).sum() for each in (found, plain))
    assert wrong < 0.3 * wrong_before


def test_probabilities_stay_probabilities() -> None:
    photo, disc = _disc()
    found = with_edges(photo, cells_of(photo, STRIDE), _coarse(disc))
    assert found.min() >= 0
    assert found.max() <= 1
    assert np.abs(found.sum(axis=0) - 1).max() < 0.2, "they may overshoot at an edge, no more"
    assert np.abs(found.sum(axis=0) - 1).mean() < 0.01


def test_on_one_colour_no_edge_is_made_up() -> None:
    grey = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    _, disc = _disc()
    found = with_edges(grey, cells_of(grey, STRIDE), _coarse(disc))
    steps = [np.abs(np.diff(found[2], axis=axis)).max() for axis in (0, 1)]
    assert max(steps) < 0.06


def test_what_is_linear_in_colour_comes_back_exactly() -> None:
    generator = np.random.default_rng(1)
    photo = generator.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    truth = 0.1 + photo[..., 0] / 255 * 0.3 + photo[..., 2] / 255 * 0.2
    whole = np.stack([1 - truth, truth, np.zeros_like(truth), np.zeros_like(truth)])
    cells = whole.reshape(4, HEIGHT // STRIDE, STRIDE, WIDTH // STRIDE, STRIDE).mean(axis=(2, 4))
    found = with_edges(photo, cells_of(photo, STRIDE), cells.astype(np.float32))
    assert found[1] == pytest.approx(truth, abs=0.04)


def test_a_turned_photo_has_the_turned_mask() -> None:
    photo, disc = _disc()
    upright = with_edges(photo, cells_of(photo, STRIDE), _coarse(disc))
    on_its_side = np.ascontiguousarray(np.rot90(photo))
    coarse = np.ascontiguousarray(np.rot90(_coarse(disc), axes=(1, 2)))
    turned = with_edges(on_its_side, cells_of(on_its_side, STRIDE), coarse)
    assert np.rot90(upright, axes=(1, 2)) == pytest.approx(turned, abs=1e-3)
