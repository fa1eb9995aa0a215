"""`read_photo` on every kind of file that people upload, good and bad."""

import io
import random
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segmentation.errors import UnreadablePhoto
from segmentation.photos import MAX_BYTES, decode_photo, find_photos, read_photo

WIDTH, HEIGHT = 40, 24


def four_corners() -> Image.Image:
    """Red, green / blue, white quarters: any turn or mirror can be told."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:12, :20], pixels[:12, 20:] = (230, 20, 20), (20, 200, 20)
    pixels[12:, :20], pixels[12:, 20:] = (20, 20, 230), (240, 240, 240)
    return Image.fromarray(pixels)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def corners_of(photo: np.ndarray) -> str:
    """Colours of the four quarters' middles, read row by row, as letters."""
    height, width = photo.shape[:2]
    names = ""
    for row in (height // 4, 3 * height // 4):
        for column in (width // 4, 3 * width // 4):
            red, green, blue = (int(value) > 128 for value in photo[row, column])
            names += {
                (True, False, False): "R",
                (False, True, False): "G",
                (False, False, True): "B",
                (True, True, True): "W",
            }.get((red, green, blue), "?")
    return names


def code_of(source: Path | bytes) -> str:
    with pytest.raises(UnreadablePhoto) as caught:
        read_photo(source)
    message = str(caught.value)
    assert "\n" not in message
    assert 20 < len(message) < 160
    return caught.value.code


def png_promising(width: int, height: int) -> bytes:
    """A PNG whose header says this size and whose pixels are a few bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_format_gives_the_same_upright_rgb(kind: str):
    options = {"quality": 95} if kind in ("JPEG", "WEBP") else {}
    photo = read_photo(encoded(four_corners(), kind, **options))
    assert (photo.shape, photo.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
    assert corners_of(photo) == "RGBW"
    assert photo.flags.writeable
    assert photo.flags.c_contiguous


def test_a_file_and_its_bytes_are_the_same(tmp_path: Path):
    (tmp_path / "a.jpg").write_bytes(encoded(four_corners(), "JPEG"))
    data = (tmp_path / "a.jpg").read_bytes()
    assert np.array_equal(read_photo(tmp_path / "a.jpg"), read_photo(data))


@pytest.mark.parametrize(
    ("orientation", "expected"),
    list(enumerate(["RGBW", "GRWB", "WBGR", "BWRG", "RBGW", "BRWG", "WGBR", "GWRB"], 1)),
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_all_exif_orientations_land_upright(kind: str, orientation: int, expected: str):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if kind in ("JPEG", "WEBP") else {}
    decoded = decode_photo(encoded(four_corners(), kind, exif=exif, **options))
    assert corners_of(decoded.photo) == expected
    assert decoded.photo.shape[:2] == ((HEIGHT, WIDTH) if orientation < 5 else (WIDTH, HEIGHT))
    assert (decoded.height, decoded.width) == decoded.photo.shape[:2]


def test_a_turned_large_jpeg_is_reduced_and_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    large = four_corners().resize((WIDTH * 60, HEIGHT * 60), Image.Resampling.NEAREST)
    decoded = decode_photo(encoded(large, "JPEG", exif=exif), max_side=500)
    assert decoded.photo.shape == (500, 300, 3)
    assert (decoded.height, decoded.width) == (WIDTH * 60, HEIGHT * 60)
    assert corners_of(decoded.photo) == "BRWG"


def test_damaged_exif_does_not_cost_the_photo():
    data = encoded(four_corners(), "JPEG", quality=95, exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    assert corners_of(read_photo(data)) == "RGBW"


def test_cmyk_jpeg():
    photo = read_photo(encoded(four_corners().convert("CMYK"), "JPEG", quality=95))
    assert corners_of(photo) == "RGBW"


def test_sixteen_bit_grey_is_scaled_not_cut_off():
    values = np.linspace(0, 65535, 64 * 32).reshape(32, 64).astype(np.uint16)
    photo = read_photo(encoded(Image.fromarray(values)))
    assert photo.shape == (32, 64, 3)
    assert np.abs(photo[..., 0].astype(int) - (values // 257).astype(int)).max() <= 1


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0])
def test_floating_point_tiff(top: float):
    values = np.linspace(0, top, 64 * 32, dtype=np.float32).reshape(32, 64)
    values[0, 0] = np.nan
    photo = read_photo(encoded(Image.fromarray(values), "TIFF"))
    assert photo.max() == 255
    assert photo[16, 0, 0] in range(126, 130)


def test_a_dark_grey_tiff_stays_dark():
    values = np.full((32, 64), 64, np.int32)
    assert set(np.unique(read_photo(encoded(Image.fromarray(values), "TIFF")))) == {64}


@pytest.mark.parametrize("mode", ["1", "L"])
def test_grey_and_bitmap(mode: str):
    photo = read_photo(encoded(four_corners().convert("L").point(lambda v: v).convert(mode)))
    assert photo.shape == (HEIGHT, WIDTH, 3)
    assert (photo[18, 30] > 200).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_is_laid_on_white(mode: str):
    image = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    image.paste((0, 0, 0, 128), (0, 0, 10, 20))
    photo = read_photo(encoded(image.convert(mode)))
    assert photo[5, 15].tolist() == [255, 255, 255]
    assert photo[5, 5].tolist() == [127, 127, 127]


def test_a_palette_with_transparency_is_laid_on_white():
    image = Image.new("P", (20, 20), 1)
    image.putpalette([0, 0, 0, 200, 0, 0])
    image.paste(0, (0, 0, 10, 20))
    for kind in ("PNG", "GIF"):
        photo = read_photo(encoded(image, kind, transparency=0))
        assert photo[5, 5].tolist() == [255, 255, 255]
        assert photo[5, 15].tolist() == [200, 0, 0]


def test_a_palette_with_an_alpha_for_each_colour():
    image = Image.new("P", (20, 20), 1)
    image.putpalette([0, 0, 0, 200, 0, 0])
    photo = read_photo(encoded(image, "PNG", transparency=bytes([255, 0])))
    assert (photo == 255).all()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_counts(kind: str):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "lime", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    photo = read_photo(data)
    assert photo[10, 10, 0] > 240
    assert photo[10, 10, 1] < 20


def test_mpo_gives_its_first_photo():
    second = Image.new("RGB", (WIDTH, HEIGHT), "blue")
    data = encoded(four_corners(), "MPO", save_all=True, append_images=[second], quality=95)
    assert corners_of(read_photo(data)) == "RGBW"


@pytest.mark.parametrize(
    "data",
    [
        b"hello, this is no photo",
        b"\x00" * 4000,
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 90 90\nshowpage\n",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><rect/></svg>',
        b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(200),
        b"%PDF-1.7\n" + bytes(200),
    ],
    ids=["text", "zeros", "eps", "svg", "heic", "pdf"],
)
def test_what_is_no_photo_is_refused(data: bytes):
    assert code_of(data) == "not_a_photo"


def test_a_real_eps_is_refused_before_ghostscript():
    assert code_of(encoded(four_corners(), "EPS")) == "not_a_photo"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
def test_a_truncated_file_is_refused(kind: str):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8))
    data = encoded(noise, kind)
    assert code_of(data[: len(data) // 2]) in ("damaged", "not_a_photo")


def test_a_truncated_jpeg_that_pillows_verify_passes_is_damaged():
    data = encoded(four_corners().resize((400, 240)), "JPEG")
    half = data[: len(data) * 2 // 3]
    with Image.open(io.BytesIO(half)) as image:
        image.verify()
    assert code_of(half) == "damaged"


def test_an_empty_file():
    assert code_of(b"") == "empty"


@pytest.mark.parametrize("size", [(50_000, 50_000), (10_000, 9_000), (2**31 - 1, 2**31 - 1)])
def test_a_header_that_promises_too_much_is_refused_unread(size: tuple[int, int]):
    assert code_of(png_promising(*size)) == "too_many_pixels"


def test_the_first_file_of_a_process_may_be_no_photo():
    # Pillow registers its formats when first asked: nothing may depend on an earlier photo.
    script = (
        "from segmentation.photos import read_photo\n"
        "from segmentation.errors import UnreadablePhoto\n"
        "try: read_photo(b'no photo at all')\n"
        "except UnreadablePhoto as error: print(error.code)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=root)
    assert done.stdout.strip() == "not_a_photo", done.stderr


def test_a_tiny_photo_is_refused_unless_allowed():
    data = encoded(Image.new("RGB", (1, 1), "red"))
    assert code_of(data) == "too_small"
    assert read_photo(data, min_side=1).tolist() == [[[255, 0, 0]]]


def test_a_very_long_photo_keeps_at_least_one_row():
    assert read_photo(encoded(Image.new("RGB", (40_000, 10)))).shape == (1, 1024, 3)


def test_too_many_bytes(tmp_path: Path):
    assert code_of(bytes(MAX_BYTES + 1)) == "too_large"
    with (tmp_path / "large.jpg").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert code_of(tmp_path / "large.jpg") == "too_large"


def test_paths_that_are_no_photo_file(tmp_path: Path):
    assert code_of(tmp_path) == "absent"
    assert code_of(tmp_path / "absent.jpg") == "absent"
    assert code_of(Path("/dev/zero")) == "absent"
    assert code_of(Path("a\0b.jpg")) == "absent"


def mutated(seed: int) -> bytes:
    """A valid file of any format with bytes changed, cut out or repeated."""
    rng = random.Random(seed)
    kind = rng.choice(["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "MPO"])
    image = four_corners()
    if rng.random() < 0.3 and kind in ("PNG", "GIF", "TIFF"):
        image = image.convert(rng.choice(["L", "P", "1"]))
    exif = Image.Exif()
    exif[0x0112] = rng.randint(1, 8)
    exif[0x010F] = "maker"
    options = {"exif": exif} if kind in ("JPEG", "PNG", "WEBP", "TIFF") else {}
    data = bytearray(encoded(image, kind, **options))
    for _ in range(rng.choice([1, 2, 8, 40])):
        # Headers hold the traps, so half of the changes fall there.
        place = rng.randrange(min(len(data), rng.choice([64, len(data)])))
        action = rng.random()
        if action < 0.7:
            data[place] = rng.randrange(256)
        elif action < 0.85:
            del data[place : place + rng.randint(1, 20)]
        else:
            data[place:place] = data[place : place + rng.randint(1, 40)]
        if not data:
            return b"x"
    return bytes(data)


def test_mutated_files_give_a_photo_or_unreadable_photo_and_nothing_else():
    refused = 0
    for seed in range(240):
        try:
            photo = read_photo(mutated(seed))
        except UnreadablePhoto:
            refused += 1
        else:
            assert (photo.ndim, photo.shape[2], photo.dtype) == (3, 3, np.uint8)
    assert 40 < refused < 230


def test_reading_in_threads_leaves_other_warnings_alone():
    data = encoded(four_corners(), "JPEG")
    threads = [
        threading.Thread(target=lambda: [read_photo(data) for _ in range(20)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pytest.warns(UserWarning, match="still heard"):
        warnings.warn("still heard", stacklevel=1)


def test_find_photos_knows_them_by_suffix_and_skips_hidden_ones(tmp_path: Path):
    for name in ("b/2.JPG", "a.png", "b/1.webp", "note.txt", ".x.jpg", ".cache/3.jpg", "b/._1.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.jpg").mkdir()
    found = [path.relative_to(tmp_path).as_posix() for path in find_photos(tmp_path)]
    assert found == ["a.png", "b/1.webp", "b/2.JPG"]


@pytest.mark.parametrize(
    ("size", "decoded"), [((2048, 1536), (768, 1024)), ((300, 200), (200, 300))]
)
def test_a_large_photo_is_decoded_to_the_working_size(
    size: tuple[int, int], decoded: tuple[int, int]
) -> None:
    assert read_photo(encoded(Image.new("RGB", size, "red"))).shape == (*decoded, 3)
