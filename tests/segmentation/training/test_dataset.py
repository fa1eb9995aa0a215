from dataclasses import replace

import numpy as np
import pytest

from segmentation.classes import GarmentClass
from segmentation.data.labels import (
    CLASS_CODE,
    PART_CLASSES,
    PARTS,
    PRESENT,
    UNKNOWN_CODE,
    UNLABELLED,
    class_codes,
    image_labels_of_codes,
    image_labels_of_label,
)
from segmentation.training.augment import AugmentConfig
from segmentation.training.dataset import SamplingShares, TrainingSample, Views

GROUND, SHORTS = CLASS_CODE + GarmentClass.BACKGROUND, PARTS.index("shorts")
SIZE = (64, 48)


def _sample(colour: int, *classes: GarmentClass) -> TrainingSample:
    """A product photo with one square of each class, all in one colour."""
    mask = np.zeros((160, 120), np.uint8)
    for number, each in enumerate(classes):
        mask[10 + 70 * number : 70 + 70 * number, 30:90] = each
    photo = np.where(mask[..., None] > 0, colour, 128).repeat(3, axis=2).astype(np.uint8)
    label = "Shorts" if classes == (GarmentClass.LOWER,) else "T-Shirt"
    codes, image_labels = class_codes(mask, label), image_labels_of_label(label)
    return TrainingSample("a", "clothing", photo, codes, mask, image_labels, 1.0)


NO_AUGMENTATION = SamplingShares(
    copy_paste=0.0, recolour=0.0, background=0.0, distorted=0.0, figure_crop=0.0, studio=0.0
)


def _views(distorted: float, *samples: TrainingSample, background: float = 0.0) -> Views:
    shares = replace(NO_AUGMENTATION, distorted=distorted, distorted_background=background)
    return _views_with(shares, *samples)


def _views_with(shares: SamplingShares, *samples: TrainingSample) -> Views:
    still = AugmentConfig(gain=0, contrast=0, white_balance=0, saturation=0)
    return Views(samples, shares, still, 12, SIZE, (1, 2))


def test_a_distorted_copy_shows_one_garment_partly_hidden() -> None:
    views = _views(1.0, _sample(230, GarmentClass.LOWER))
    seen = [views[number] for number in range(len(views))]
    covered = [float((codes == SHORTS).mean()) for _, codes, _ in seen]
    assert all(set(np.unique(codes)) <= {SHORTS, GROUND, UNKNOWN_CODE} for _, codes, _ in seen)
    assert 0.05 < min(covered) < max(covered) < 0.9
    for photo, codes, image_labels in seen:
        large = codes.repeat(2, axis=0).repeat(2, axis=1)
        assert np.median(photo[large == SHORTS]) > 150, "the codes move with the photo"
        assert image_labels[GarmentClass.LOWER - 1] == PRESENT


def test_a_garment_free_background_shows_no_other_garment() -> None:
    """The background is grey here, garments are white."""

    def whiteness(background: float) -> float:
        views = _views(1.0, _sample(240, GarmentClass.LOWER), background=background)
        seen = (views[number] for number in range(len(views)))
        white = [
            (photo[::2, ::2].min(axis=2)[codes == GROUND] > 180).mean() for photo, codes, _ in seen
        ]
        return float(np.mean(white))

    # Not none: at the garment's edges it and its ground are blurred into each other.
    assert whiteness(0.0) > 3 * whiteness(1.0)


@pytest.mark.parametrize("classes", [(GarmentClass.UPPER, GarmentClass.LOWER), ()])
def test_only_photos_of_one_class_become_distorted_copies(
    classes: tuple[GarmentClass, ...],
) -> None:
    sample = _sample(230, *classes)
    plain, changed = _views(0.0, sample), _views(1.0, sample)
    for number in range(4):
        for one, other in zip(plain[number], changed[number], strict=True):
            assert np.array_equal(one, other)


def _street_sample() -> TrainingSample:
    """A dark figure in shirt and shorts before a dark background."""
    codes = np.zeros((200, 120), np.uint8)
    codes[20:100, 40:80] = PARTS.index("shirt")
    codes[100:180, 40:80] = SHORTS
    photo = np.where(codes[..., None] > 0, 90, 20).repeat(3, axis=2).astype(np.uint8)
    mask = np.asarray([PART_CLASSES[part] for part in range(len(PARTS))], np.uint8)[codes]
    return TrainingSample("a", "ccp", photo, codes, mask, image_labels_of_codes(codes), 1.0)


def test_a_figure_crop_shows_less_of_the_figure_and_unlabels_what_it_cuts_away() -> None:
    views = _views_with(replace(NO_AUGMENTATION, figure_crop=1.0), _street_sample())
    uppers = {float(views[number][2][GarmentClass.UPPER - 1]) for number in range(len(views))}
    assert uppers == {PRESENT, UNLABELLED}, "some crops have no shirt, and do not claim its absence"


def test_a_studio_background_is_light_and_the_figure_keeps_its_pixels() -> None:
    views = _views_with(replace(NO_AUGMENTATION, studio=1.0), _street_sample())
    for photo, codes, _ in (views[number] for number in range(len(views))):
        grey = photo[::2, ::2].mean(axis=2)
        assert np.median(grey[codes == SHORTS]) < 110
        assert np.median(grey[codes == 0]) > 140


def test_only_street_photos_become_shop_views() -> None:
    sample = _sample(230, GarmentClass.LOWER)
    shares = replace(NO_AUGMENTATION, figure_crop=1.0, studio=1.0)
    for one, other in zip(_views_with(shares, sample)[0], _views(0.0, sample)[0], strict=True):
        assert np.array_equal(one, other)
