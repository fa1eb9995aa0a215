"""Metadata of fetched photos: gone from the bytes, the pixels and the orientation as before."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, PngImagePlugin

from catalog.fetching.fetch import FetchedPhoto, Validators
from catalog.fetching.metadata import without_metadata
from catalog.fetching.store import FetchedPhotos
from segmentation.photos import read_photo
from tests.hostile_photos import hostile_files

SECRET = b"52.520008 Alice's phone"


def exif_of(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = SECRET.decode()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAreaInformation] = SECRET
    return exif


def picture() -> Image.Image:
    noise = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
    return Image.fromarray(noise).resize((120, 80))


def saved(form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture().save(buffer, form, **options)
    return buffer.getvalue()


def jpeg(orientation: int, **options: object) -> bytes:
    options = {"exif": exif_of(orientation), "xmp": SECRET, "comment": SECRET} | options
    # A second image behind the first, as in the files of some cameras.
    return saved("JPEG", icc_profile=profile(), **options) + saved("JPEG", comment=SECRET)


def profile() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def png(orientation: int) -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", SECRET.decode())
    texts.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    return saved("PNG", exif=exif_of(orientation), pnginfo=texts) + SECRET


def webp(orientation: int) -> bytes:
    return saved("WEBP", exif=exif_of(orientation), xmp=SECRET, lossless=True)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(
    "make",
    [
        jpeg,
        lambda turned: jpeg(turned, progressive=True),
        png,
        webp,
        lambda turned: saved("TIFF", exif=exif_of(turned), description=SECRET.decode()),
        lambda turned: saved("AVIF", exif=exif_of(turned)),
    ],
    ids=["jpeg", "progressive", "png", "webp", "tiff", "avif"],
)
def test_metadata_is_gone_and_the_pixels_are_the_same(
    make: Callable[[int], bytes], orientation: int
) -> None:
    data = make(orientation)
    assert SECRET in data
    clean = without_metadata(data)
    assert SECRET not in clean
    assert np.array_equal(read_photo(clean), read_photo(data))
    assert without_metadata(clean) == clean


def test_a_colour_profile_is_kept() -> None:
    with Image.open(io.BytesIO(without_metadata(jpeg(1)))) as image:
        assert image.info["icc_profile"] == profile()


def test_hostile_files_come_out_as_readable_as_they_went_in() -> None:
    for name, file in hostile_files().items():
        if "packed text" in name:
            continue  # without its text nothing is hostile
        clean = without_metadata(file.data)
        assert verdict(clean) == verdict(file.data), name


def verdict(data: bytes) -> str:
    try:
        return str(read_photo(data).shape)
    except Exception as error:
        return getattr(error, "code", repr(error))


def test_fetched_photos_are_stored_without_it(tmp_path: Path) -> None:
    store = FetchedPhotos(tmp_path)
    path = store.save("https://shop.test/a.jpg", FetchedPhoto(jpeg(6), Validators()))
    assert SECRET not in path.read_bytes()
    assert read_photo(path).shape == (120, 80, 3)
