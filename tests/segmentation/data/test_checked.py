"""The sixty checked product photos and their masks."""

from pathlib import Path

import numpy as np
import pytest

from segmentation.classes import CLOTHING_CLASSES, GarmentClass
from segmentation.data.checked import checked_mask, checked_names, create_checked
from segmentation.data.pairs import load_mask
from segmentation.errors import DatasetError


def test_there_are_sixty_masks_of_one_garment_each() -> None:
    names = checked_names()
    assert len(names) == 60
    assert all(0.05 < checked_mask(name).mean() < 0.9 for name in names)


def test_a_folder_without_these_photos_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images.csv").write_text("image,sender_id,label,kids\na,1,T-Shirt,False\n")
    with pytest.raises(DatasetError, match="no test photo"):
        create_checked(tmp_path, tmp_path / "out")


@pytest.mark.datasets
def test_the_masks_have_the_classes_of_their_photos(datasets: Path, tmp_path: Path) -> None:
    folder = create_checked(datasets / "clothing", tmp_path)
    assert {pair.label for pair in folder.pairs} == set(CLOTHING_CLASSES)
    for pair in folder.pairs[::6]:
        mask = load_mask(folder.mask_path(pair))
        assert set(np.unique(mask)) == {GarmentClass.BACKGROUND, CLOTHING_CLASSES[pair.label]}
