"""Stand-ins where the real models would be slow: embedders, a backbone and drawn photos.

`draw_photo` draws what `FakeEmbedder` understands: one block of colour on a plain ground,
wide for an upper garment, nearly square for a lower one, tall for a whole one.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from catalog.colours import Colour, nearest_colour_name
from indexing.embedding.colour import colour_vector
from indexing.embedding.encoder import Encoder, EncoderCard
from indexing.types import EmbeddedGarment, EmbeddedPhoto, ModelFingerprint, Vector
from segmentation.classes import GarmentClass
from segmentation.mask import BoolMask, Box, Garment, region_garment, whole_photo_garment
from segmentation.photos import Photo
from segmentation.preprocess import Preprocessing, place, to_canvas
from segmentation.segmented_photo import PhotoFeatures, Segmentation

STYLE_DIMENSION = 16
COLOUR_DIMENSION = 27
FAKE_FINGERPRINT = ModelFingerprint(
    "fake-segmenter/1", "fake-encoder/1", STYLE_DIMENSION, COLOUR_DIMENSION
)
CSS_NAMES = {"light blue": "lightblue", "burgundy": "maroon", "lilac": "plum"}
"""Colour names of ours that Pillow spells otherwise."""
_BLOCKS = {
    GarmentClass.UPPER: (20, 50, 100, 100),
    GarmentClass.WHOLE: (45, 10, 75, 150),
    GarmentClass.LOWER: (35, 40, 85, 110),
}


def drawn_photo(
    colour: str | tuple[int, int, int] = "red",
    garment_class: GarmentClass = GarmentClass.UPPER,
    notch: int = 0,
) -> Image.Image:
    """A photo, 120 x 160, with one garment; `notch` (0 to 20) changes its shape, so its style."""
    image = Image.new("RGB", (120, 160), "white")
    draw = ImageDraw.Draw(image)
    x0, y0, x1, y1 = _BLOCKS[garment_class]
    draw.rectangle((x0, y0, x1, y1), fill=colour)
    if notch:
        draw.rectangle((x0, y0, x0 + notch, y0 + notch), fill="white")
    return image


def draw_photo(
    path: Path,
    colour: str | tuple[int, int, int] = "red",
    garment_class: GarmentClass = GarmentClass.UPPER,
    notch: int = 0,
) -> Path:
    """The file of a `drawn_photo`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = drawn_photo(colour, garment_class, notch)
    image.save(path, "PNG" if path.suffix == ".png" else "JPEG", quality=95)
    return path


def draw_empty_photo(path: Path) -> Path:
    """A photo without any garment."""
    Image.new("RGB", (120, 160), "white").save(path)
    return path


class PixelBackbone:
    """A backbone whose feature maps are the photo itself in cells of 4 pixels."""

    backbone, runtime = "pixels/1", "numpy"

    def __init__(self) -> None:
        self.photos = 0

    def features(self, photos: Sequence[Photo]) -> list[PhotoFeatures]:
        self.photos += len(photos)
        return [self._features(photo) for photo in photos]

    def _features(self, photo: Photo) -> PhotoFeatures:
        preprocessing = Preprocessing(192, 128, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
        placement = place(photo.shape[0], photo.shape[1], preprocessing)
        canvas = to_canvas(photo, placement, preprocessing)
        cells = canvas.reshape(canvas.shape[0] // 4, 4, -1, 4, 3).mean(axis=(1, 3)) / 255
        maps = np.ascontiguousarray(cells.transpose(2, 0, 1), np.float32)
        size = (photo.shape[0], photo.shape[1])
        return PhotoFeatures((maps,), placement, size, self.backbone)


def random_encoder(backbone: PixelBackbone, seed: int = 1) -> Encoder:
    """A real encoder with random tensors: 20 numbers and 4 kinds."""
    generator = np.random.default_rng(seed)
    tensors = {
        "mean": np.full(9, 0.4),
        "deviation": np.full(9, 0.2),
        "projection": generator.normal(size=(20, 9)),
        "kinds": generator.normal(size=(4, 9)),
        "kind_offsets": np.zeros(4),
    }
    card = EncoderCard(20, tuple("abcd"), 0.3, backbone.backbone, f"random {seed}")
    singles = {name: each.astype(np.float32) for name, each in tensors.items()}
    return Encoder(card, singles, backbone)


class FakeEmbedder:
    """Implements `indexing.types.Embedder` without a network; counts what it embedded."""

    def __init__(self, fingerprint: ModelFingerprint = FAKE_FINGERPRINT) -> None:
        self._fingerprint = fingerprint
        self.photos_embedded = 0

    @property
    def fingerprint(self) -> ModelFingerprint:
        return self._fingerprint

    weights_folder = None

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        self.photos_embedded += len(photos)
        return [_embed(photo) for photo in photos]

    def embed_whole(self, photo: Photo) -> EmbeddedGarment:
        return _describe(photo, whole_photo_garment(photo))

    def embed_region(
        self,
        photo: Photo,
        region: Box | BoolMask | Garment,
        garment_class: GarmentClass | None = None,
    ) -> EmbeddedGarment:
        if isinstance(region, Garment):
            return _describe(photo, region)
        if isinstance(region, tuple):
            pixels = np.zeros(photo.shape[:2], bool)
            pixels[region[1] : region[3], region[0] : region[2]] = True
            region = pixels
        return _describe(photo, region_garment(region, garment_class or GarmentClass.UPPER))

    def colour_half(self, colour: str) -> Vector:
        colour_vector(colour)  # refuses what the real one refuses
        drawn = colour if colour.startswith("#") else CSS_NAMES.get(colour, colour)
        return _colour(np.array([ImageColor.getrgb(drawn)], np.uint8))


def _embed(photo: Photo) -> EmbeddedPhoto:
    height, width = photo.shape[:2]
    difference = np.abs(photo.astype(int) - photo[0, 0].astype(int)).max(axis=2)
    found: BoolMask = difference > 60
    mask = np.zeros((height, width), np.uint8)
    if not found.any():
        return EmbeddedPhoto(height, width, Segmentation.of_mask(mask), ())
    garment = _garment_of(found)
    mask[found] = garment.garment_class
    return EmbeddedPhoto(height, width, Segmentation.of_mask(mask), (_describe(photo, garment),))


def _garment_of(found: BoolMask) -> Garment:
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    x0, y0, x1, y1 = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    tall = (y1 - y0) / (x1 - x0)
    garment_class = GarmentClass.UPPER
    if tall > 1:
        garment_class = GarmentClass.WHOLE if tall > 2 else GarmentClass.LOWER
    return Garment(
        garment_class, 0.9, (x0, y0, x1, y1), found[y0:y1, x0:x1].copy(), float(found.mean())
    )


def _describe(photo: Photo, garment: Garment) -> EmbeddedGarment:
    x0, y0, x1, y1 = garment.box
    pixels = photo[y0:y1, x0:x1][garment.mask]
    mean = pixels.mean(axis=0).round().astype(int)
    hex_code = f"#{mean[0]:02x}{mean[1]:02x}{mean[2]:02x}"
    colours = (Colour(nearest_colour_name(hex_code), hex_code, 1.0),)
    vector = np.concatenate([_style(garment.mask), _colour(pixels)]).astype(np.float32)
    return EmbeddedGarment(garment, colours, vector)


def _style(mask: BoolMask) -> Vector:
    """How much of each of 4 x 4 fields of the box is covered."""
    fields = [
        field.mean() for rows in np.array_split(mask, 4) for field in np.array_split(rows, 4, 1)
    ]
    return _unit(np.array(fields, np.float32) + 0.01)


def _colour(pixels: Photo) -> Vector:
    """Square root of the shares of 3 x 3 x 3 colours."""
    bins = (pixels.astype(int) // 86) @ np.array([9, 3, 1])
    shares = np.bincount(bins, minlength=COLOUR_DIMENSION).astype(np.float32)
    return _unit(np.sqrt(shares))


def _unit(half: Vector) -> Vector:
    return np.asarray(half / np.linalg.norm(half), np.float32)
