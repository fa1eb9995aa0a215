import numpy as np
import pytest

from segmentation.classes import GarmentClass
from segmentation.data.labels import CLASS_CODE, PARTS, UNKNOWN_CODE
from segmentation.training import recolour

SHIRT, SKIN = PARTS.index("shirt"), PARTS.index("skin")
BACKGROUND = CLASS_CODE + GarmentClass.BACKGROUND


@pytest.fixture(autouse=True)
def always_plainly_dyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recolour, "RECOLOURED_SHARE", 1.0)
    monkeypatch.setattr(recolour, "STRIPED_SHARE", 0.0)


def _folded() -> np.ndarray:
    """A red photo, darker from left to right."""
    shade = np.linspace(1.0, 0.5, 60)[None, :, None]
    return (np.full((80, 60, 3), (200, 40, 40)) * shade).astype(np.uint8)


def test_a_garment_gets_another_colour_and_keeps_its_shade() -> None:
    photo, codes = _folded(), np.full((80, 60), SHIRT, np.uint8)
    dyed = recolour.recolour(photo, codes, np.random.default_rng(1))
    assert np.abs(dyed.astype(int) - photo).mean() > 20
    columns = dyed.sum(axis=(0, 2)).astype(int)
    assert columns[0] > columns[30] > columns[59]


@pytest.mark.parametrize("code", [SKIN, 0, BACKGROUND, UNKNOWN_CODE])
def test_what_is_no_garment_stays_as_it_is(code: int) -> None:
    photo = _folded()
    codes = np.full((80, 60), code, np.uint8)
    codes[:40] = CLASS_CODE + GarmentClass.WHOLE
    dyed = recolour.recolour(photo, codes, np.random.default_rng(1))
    away = 40 + recolour.MARGIN
    # Two steps of eight bits are lost on the way through Lab and back.
    assert np.abs(dyed[away:].astype(int) - photo[away:]).max() <= 4
    assert np.abs(dyed[:36].astype(int) - photo[:36]).mean() > 20


def test_stripes_alternate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recolour, "STRIPED_SHARE", 1.0)
    photo, codes = np.full((80, 80, 3), 120, np.uint8), np.full((80, 80), SHIRT, np.uint8)
    dyed = recolour.recolour(photo, codes, np.random.default_rng(3))
    assert dyed.std() > 3
