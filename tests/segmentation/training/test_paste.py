import numpy as np
import pytest

from segmentation.classes import GarmentClass
from segmentation.data.labels import (
    ABSENT,
    CLASS_CODE,
    PARTS,
    PRESENT,
    UNKNOWN_CODE,
    UNLABELLED,
    image_labels_of_codes,
)
from segmentation.training import paste

SHIRT, DRESS, SKIN = (PARTS.index(part) for part in ("shirt", "dress", "skin"))


def _view(code: int, ground: int, value: int, top: int, bottom: int) -> paste.View:
    """A block of `code` from row `top` to `bottom` of 32, on ground; the photo is one grey."""
    codes = np.full((32, 32), ground, np.uint8)
    codes[top:bottom, 4:28] = code
    photo = np.full((64, 64, 3), value, np.uint8)
    return photo, codes, image_labels_of_codes(codes)


@pytest.fixture
def unhidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paste, "OCCLUSION_SHARE", 0.0)


@pytest.mark.usefixtures("unhidden")
def test_the_figure_lies_on_the_other_scene_with_its_codes() -> None:
    front, behind = _view(SHIRT, 0, 200, 0, 16), _view(DRESS, 0, 50, 0, 32)
    photo, codes, image_labels = paste.paste_view(front, behind, np.random.default_rng(0))
    assert (codes[:16, 4:28] == SHIRT).all()
    assert (codes[16:, 4:28] == DRESS).all()
    assert (codes[:, :4] == 0).all()
    assert (photo[4:28, 12:52] == 200).all()
    assert (photo[40:] == 50).all()
    assert image_labels[GarmentClass.UPPER - 1] == PRESENT
    assert image_labels[GarmentClass.WHOLE - 1] == PRESENT
    assert image_labels[GarmentClass.LOWER - 1] == ABSENT


@pytest.mark.usefixtures("unhidden")
def test_of_what_has_been_covered_nothing_is_said() -> None:
    front, behind = _view(SHIRT, 0, 200, 0, 32), _view(DRESS, 0, 50, 8, 20)
    _, codes, image_labels = paste.paste_view(front, behind, np.random.default_rng(0))
    assert DRESS not in codes
    assert image_labels[GarmentClass.WHOLE - 1] == UNLABELLED


@pytest.mark.parametrize("ground", [0, CLASS_CODE + GarmentClass.BACKGROUND, UNKNOWN_CODE])
def test_background_is_not_pasted_and_little_stays_unchanged(ground: int) -> None:
    front, behind = _view(SHIRT, ground, 200, 0, 1), _view(DRESS, 0, 50, 0, 32)
    assert paste.paste_view(front, behind, np.random.default_rng(0)) is front


def test_figures_are_now_and_then_partly_hidden() -> None:
    front, behind = _view(SHIRT, 0, 200, 0, 32), _view(0, 0, 50, 0, 32)
    shown = {
        int((paste.paste_view(front, behind, np.random.default_rng(seed))[1] == SHIRT).sum())
        for seed in range(12)
    }
    assert max(shown) == 32 * 24
    assert 32 * 24 * 0.75 <= min(shown) < 32 * 24
