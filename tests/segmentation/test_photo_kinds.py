"""Photos as phones and shops store them: other endings, AVIF, HEIC, colour profiles."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from pillow_heif import register_heif_opener

from segmentation.errors import UnreadablePhoto
from segmentation.photos import find_photos, read_photo

LINEAR_HALF = 188
"""sRGB value of half the light."""


@pytest.mark.parametrize(
    ("suffix", "form"),
    [("jfif", "JPEG"), ("jpe", "JPEG"), ("avif", "AVIF"), ("JPG", "JPEG"), ("heic", "HEIF")],
)
def test_a_photo_under_any_usual_ending(tmp_path: Path, suffix: str, form: str) -> None:
    register_heif_opener()
    path = tmp_path / f"photo.{suffix}"
    Image.new("RGB", (32, 48), (200, 30, 40)).save(path, form)
    assert find_photos(tmp_path) == [path]
    assert np.abs(read_photo(path).mean(axis=(0, 1)) - (200, 30, 40)).max() < 6


def test_heic_without_its_decoder_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(UnreadablePhoto, match=r"apparel-search\[heic\]"):
        read_photo(b"\0\0\0\x18ftypheic" + bytes(100))


def test_a_colour_profile_is_applied() -> None:
    lab = Image.new("RGB", (16, 16), (128, 128, 128))
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The tone curves of sRGB made straight: a parametric curve of type 3 becomes one of type 0.
    place = linear.index(b"para", 128)
    straight = linear[:place] + b"curv" + bytes(8) + linear[place + 12 :]
    data = io.BytesIO()
    lab.save(data, "PNG", icc_profile=straight.replace(b"s\0R\0G\0B", b"x\0R\0G\0B"))
    assert abs(int(read_photo(data.getvalue())[8, 8, 0]) - LINEAR_HALF) < 4


def test_a_damaged_profile_counts_as_srgb() -> None:
    data = io.BytesIO()
    Image.new("RGB", (16, 16), (200, 30, 40)).save(data, "PNG", icc_profile=b"no profile")
    assert read_photo(data.getvalue())[8, 8].tolist() == [200, 30, 40]


def test_a_damaged_tiff_says_nothing_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    data = io.BytesIO()
    Image.fromarray(noise).save(data, "TIFF", compression="tiff_lzw")
    damaged = data.getvalue().replace(data.getvalue()[2000:2100], b"\xff" * 100)
    with pytest.raises(UnreadablePhoto):
        read_photo(damaged)
    assert capfd.readouterr().err == ""
