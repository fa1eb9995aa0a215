"""Commands run in this process, photos of coloured blocks, models that understand those.

Catalogue, index and files are real; only the networks are replaced.
"""

import io
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageColor
from typer.testing import CliRunner, Result

from catalog.colours import Colour
from indexing.embedding.colour import colour_vector
from indexing.embedding.crop import crop_garment
from indexing.embedding.encoder import SegmentedGarment, unit_length
from indexing.types import (
    EmbeddedGarment,
    EmbeddedPhoto,
    ModelFingerprint,
    Vector,
    Vectors,
)
from search_app.cli.main import app
from segmentation.classes import GarmentClass
from segmentation.mask import (
    BoolMask,
    Box,
    find_garments,
    one_hot,
    region_garment,
    whole_photo_garment,
)
from segmentation.photos import Photo
from segmentation.segmented_photo import Segmentation


class BlockSegmenter:
    """Red pixels are upper, green ones whole, blue ones lower, all others background."""

    fingerprint = "blocks/1"

    def segment(self, photos: list[Photo]) -> list[Segmentation]:
        return [self._segmentation_of(photo) for photo in photos]

    def _segmentation_of(self, photo: Photo) -> Segmentation:
        strongest = photo.argmax(axis=2) + 1
        coloured = np.ptp(photo.astype(int), axis=2) > 60
        mask = np.where(coloured, strongest, 0).astype(np.uint8)
        return Segmentation.of_mask(mask, find_garments(mask, one_hot(mask)))


class BlockEmbedder:
    """The garments of `BlockSegmenter`; both halves of a vector are the mean colour."""

    weights_folder = None

    def __init__(self, encoder: str = "mean/1") -> None:
        self.fingerprint = ModelFingerprint(BlockSegmenter.fingerprint, encoder, 3, 3)

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        found = BlockSegmenter().segment(photos)
        return [
            EmbeddedPhoto(
                photo.shape[0],
                photo.shape[1],
                each,
                tuple(self._embedded(photo, garment) for garment in each.garments),
            )
            for photo, each in zip(photos, found, strict=True)
        ]

    def embed_whole(self, photo: Photo) -> EmbeddedGarment:
        return self._embedded(photo, whole_photo_garment(photo))

    def embed_region(
        self, photo: Photo, region: Box | BoolMask, garment_class: GarmentClass | None = None
    ) -> EmbeddedGarment:
        if isinstance(region, tuple):
            pixels = np.zeros(photo.shape[:2], bool)
            pixels[region[1] : region[3], region[0] : region[2]] = True
            region = pixels
        return self._embedded(photo, region_garment(region, garment_class or GarmentClass.UPPER))

    def colour_half(self, colour: str) -> Vector:
        colour_vector(colour)  # refuses what the real one refuses
        rgb = np.array(ImageColor.getrgb(colour), np.float32)
        return np.asarray(rgb / np.linalg.norm(rgb), np.float32)

    def _embedded(self, photo: Photo, garment) -> EmbeddedGarment:
        x0, y0, x1, y1 = garment.box
        mean = photo[y0:y1, x0:x1][garment.mask].mean(axis=0).astype(np.float32)
        half = mean / np.linalg.norm(mean)
        colour = Colour("red", "#{:02x}{:02x}{:02x}".format(*mean.astype(int)), 1.0)
        return EmbeddedGarment(garment, (colour,), np.concatenate([half, half]))


class BlockEncoder:
    """The style half of `BlockEmbedder`: a crop's mean colour."""

    fingerprint, runtime, dimension = "mean/1", "numpy", 3

    def encode(self, garments: Sequence[SegmentedGarment]) -> Vectors:
        crops = [crop_garment(each.photo, each.garment, 16) for each in garments]
        means = np.array([crop.mean(axis=(0, 1)) for crop in crops], np.float32)
        return unit_length(means.reshape(-1, 3))


def run(*arguments: object, code: int = 0) -> Result:
    """Run `apparel ...`; an exception that is not an exit code is raised here."""
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def reason_of(result: Result) -> str:
    """The one line on stderr of a failure, stdout being empty."""
    assert result.stdout == ""
    # On a busy machine notes on slow steps stand before it.
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("apparel: ")]
    assert result.stderr.endswith(f"{line}\n")
    assert len(line) < 300
    return line


def save_blocks(path: Path, *colours: tuple[int, int, int], width: int = 90) -> Path:
    """A photo 90 high with a block for each colour, from top to bottom, on white."""
    photo = np.full((90, width, 3), 255, np.uint8)
    height = 90 // max(1, len(colours))
    for place, colour in enumerate(colours):
        photo[place * height + 6 : (place + 1) * height - 6, 20 : width - 20] = colour
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(photo).save(path)
    return path


def png_promising(width: int, height: int) -> bytes:
    """A PNG whose header says this size and whose pixels are a few bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100)))


def jpeg_of(photo: Photo) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG")
    return buffer.getvalue()
