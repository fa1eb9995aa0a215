"""The sixty checked product photos: masks and drawings belong together."""

from pathlib import Path

import numpy as np
import pytest

from segmentation.classes import CLOTHING_CLASSES, GarmentClass
from segmentation.data.checked import checked_mask, create_checked, read_drawings
from segmentation.data.hand_drawing import draw_mask
from segmentation.data.pairs import load_mask
from segmentation.errors import DatasetError
from segmentation.photos import read_photo


def test_there_are_sixty_masks_each_with_its_drawing() -> None:
    names = [drawing.photo for drawing in read_drawings()]
    assert len(names) == len(set(names)) == 60
    assert all(0.05 < checked_mask(name).mean() < 0.9 for name in names)


def test_a_folder_without_these_photos_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images.csv").write_text("image,sender_id,label,kids\na,1,T-Shirt,False\n")
    with pytest.raises(DatasetError, match="no test photo"):
        create_checked(tmp_path, tmp_path / "out")


@pytest.mark.datasets
def test_drawings_give_the_committed_masks_again(datasets: Path, tmp_path: Path) -> None:
    clothing = datasets / "clothing"
    folder = create_checked(clothing, tmp_path)
    labels = {pair.label for pair in folder.pairs}
    assert labels == set(CLOTHING_CLASSES)
    drawings = {drawing.photo: drawing for drawing in read_drawings()}
    for pair in folder.pairs[::6]:
        mask = load_mask(folder.mask_path(pair))
        assert set(np.unique(mask)) == {GarmentClass.BACKGROUND, CLOTHING_CLASSES[pair.label]}
        drawn = draw_mask(read_photo(folder.photo_path(pair)), drawings[pair.name])
        assert ((mask > 0) & drawn).sum() > 0.99 * ((mask > 0) | drawn).sum()
