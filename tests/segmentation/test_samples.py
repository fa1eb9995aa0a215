import numpy as np
import pytest

from segmentation.augment import AugmentConfig
from segmentation.classes import GarmentClass
from segmentation.parts import (
    CLASS_CODE,
    PARTS,
    PRESENT,
    UNKNOWN_CODE,
    class_codes,
    presence_of_label,
)
from segmentation.samples import Mixture, Sample, Views

GROUND, SHORTS = CLASS_CODE + GarmentClass.BACKGROUND, PARTS.index("shorts")
SIZE = (64, 48)


def _sample(colour: int, *classes: GarmentClass) -> Sample:
    """A product photo with one square of each class, all in one colour."""
    mask = np.zeros((160, 120), np.uint8)
    for number, each in enumerate(classes):
        mask[10 + 70 * number : 70 + 70 * number, 30:90] = each
    photo = np.where(mask[..., None] > 0, colour, 128).repeat(3, axis=2).astype(np.uint8)
    label = "Shorts" if classes == (GarmentClass.LOWER,) else "T-Shirt"
    codes, answers = class_codes(mask, label), presence_of_label(label)
    return Sample("a", "clothing", photo, codes, mask, answers, 1.0)


def _views(changed: float, *samples: Sample, on_ground: float = 0.0) -> Views:
    mixture = Mixture(pasted=0.0, recoloured=0.0, bare=0.0, changed=changed, on_ground=on_ground)
    still = AugmentConfig(gain=0, contrast=0, white_balance=0, saturation=0)
    return Views(samples, mixture, still, 12, SIZE, (1, 2))


def test_a_garment_seen_again_is_alone_and_partly_hidden() -> None:
    views = _views(1.0, _sample(230, GarmentClass.LOWER))
    seen = [views[number] for number in range(len(views))]
    covered = [float((codes == SHORTS).mean()) for _, codes, _ in seen]
    assert all(set(np.unique(codes)) <= {SHORTS, GROUND, UNKNOWN_CODE} for _, codes, _ in seen)
    assert 0.05 < min(covered) < max(covered) < 0.9
    for photo, codes, answers in seen:
        large = codes.repeat(2, axis=0).repeat(2, axis=1)
        assert np.median(photo[large == SHORTS]) > 150, "the codes move with the photo"
        assert answers[GarmentClass.LOWER - 1] == PRESENT


def test_on_bare_ground_no_other_garment_lies_behind() -> None:
    """Ground is grey here, garments are white."""

    def whiteness(on_ground: float) -> float:
        views = _views(1.0, _sample(240, GarmentClass.LOWER), on_ground=on_ground)
        seen = (views[number] for number in range(len(views)))
        white = [
            (photo[::2, ::2].min(axis=2)[codes == GROUND] > 180).mean() for photo, codes, _ in seen
        ]
        return float(np.mean(white))

    # Not none: at the garment's edges it and its ground are blurred into each other.
    assert whiteness(0.0) > 3 * whiteness(1.0)


@pytest.mark.parametrize("classes", [(GarmentClass.UPPER, GarmentClass.LOWER), ()])
def test_photos_without_one_class_stay_as_they_are(classes: tuple[GarmentClass, ...]) -> None:
    sample = _sample(230, *classes)
    plain, changed = _views(0.0, sample), _views(1.0, sample)
    for number in range(4):
        for one, other in zip(plain[number], changed[number], strict=True):
            assert np.array_equal(one, other)
