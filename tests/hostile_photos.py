"""Files that somebody may send instead of a plain photo, made here: name -> bytes and answer.

The answer is "red" (a photo of the red top of the tests' catalogue, which must be found), "photo"
(a photo, whatever is on it) or the code of the refusal.
"""

import gzip
import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from PIL import Image, PngImagePlugin

from tests.fakes import drawn_photo

RED: Final = "red"
PHOTO: Final = "photo"
_SVG = (
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><rect width='9' height='9'/></svg>"
)
_SCRIPT = b"<script>alert(1)</script><?php system('id'); ?>"


@dataclass(frozen=True)
class HostileFile:
    """A file as it is sent, and what must come back."""

    data: bytes
    answer: str
    name: str = "photo.jpg"


def hostile_files() -> dict[str, HostileFile]:
    """Every file by a name that says what is odd about it."""
    files: dict[str, HostileFile] = {}
    for part in (_formats(), _modes(), _turned(), _animated(), _disguised(), _foreign(),
                 _cut_short(), _damaged(), _bombs(), _sizes(), _names()):  # fmt: skip
        assert not files.keys() & part.keys()
        files |= part
    return files


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """An image's bytes in a format."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _red() -> Image.Image:
    return drawn_photo()


def _formats() -> dict[str, HostileFile]:
    options: dict[str, tuple[str, dict[str, Any]]] = {
        "jpeg": ("JPEG", {"quality": 95}),
        "jpeg, progressive": ("JPEG", {"quality": 95, "progressive": True}),
        "jpeg, full colour": ("JPEG", {"quality": 95, "subsampling": 0}),
        "png": ("PNG", {}),
        "webp, lossy": ("WEBP", {"quality": 95}),
        "webp, lossless": ("WEBP", {"lossless": True}),
        "bmp": ("BMP", {}),
        "tiff": ("TIFF", {}),
        "tiff, lzw": ("TIFF", {"compression": "tiff_lzw"}),
        "tiff, deflate": ("TIFF", {"compression": "tiff_adobe_deflate"}),
        "gif": ("GIF", {}),
    }
    return {
        name: HostileFile(saved(_red(), kind, **chosen), RED)
        for name, (kind, chosen) in options.items()
    }


def _modes() -> dict[str, HostileFile]:
    red, grey = _red(), _red().convert("L")
    alpha = red.convert("RGBA")
    alpha.putalpha(grey.point(lambda value: 0 if value > 250 else 255))
    deep = np.asarray(grey, np.uint16) * 257
    return {
        "jpeg in cmyk": HostileFile(saved(red.convert("CMYK"), "JPEG", quality=95), RED),
        "tiff in cmyk": HostileFile(saved(red.convert("CMYK"), "TIFF"), RED),
        "tiff in lab": HostileFile(saved(red.convert("LAB"), "TIFF"), PHOTO),
        "jpeg in grey": HostileFile(saved(grey, "JPEG"), PHOTO),
        "png with alpha": HostileFile(saved(alpha, "PNG"), RED),
        "png with palette": HostileFile(saved(red.quantize(8), "PNG"), RED),
        "png of 1 bit": HostileFile(saved(grey.convert("1"), "PNG"), PHOTO),
        "png of 16 bits": HostileFile(saved(Image.fromarray(deep), "PNG"), PHOTO),
        "tiff of 16 bits": HostileFile(saved(Image.fromarray(deep), "TIFF"), PHOTO),
        "tiff of floats": HostileFile(
            saved(Image.fromarray(np.asarray(grey, np.float32) / 255), "TIFF"), PHOTO
        ),
        "tiff of not-a-numbers": HostileFile(
            saved(Image.fromarray(np.full((20, 20), np.nan, np.float32)), "TIFF"), PHOTO
        ),
    }


def _turned() -> dict[str, HostileFile]:
    """Stored so that the turn that EXIF asks for makes the photo upright."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    files = {}
    for orientation, turn in undo.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = saved(_red().transpose(turn), "JPEG", quality=95, exif=exif)
        files[f"jpeg turned by exif {orientation}"] = HostileFile(data, RED)
    exif = Image.Exif()
    exif[0x0112] = 99
    files["jpeg turned by exif 99"] = HostileFile(saved(_red(), "JPEG", exif=exif), RED)
    return files


def _animated() -> dict[str, HostileFile]:
    frames = [Image.new("RGB", (120, 160), (0, 0, each % 256)) for each in range(300)]
    options: dict[str, Any] = {"save_all": True, "append_images": frames}
    few: dict[str, Any] = {"save_all": True, "append_images": frames[:5]}
    return {
        "gif of 301 frames": HostileFile(saved(_red(), "GIF", **options), RED),
        "webp, animated": HostileFile(saved(_red(), "WEBP", lossless=True, **few), RED),
        "png, animated": HostileFile(saved(_red(), "PNG", **few), RED),
        "tiff of 6 pages": HostileFile(saved(_red(), "TIFF", **few), RED),
        "mpo": HostileFile(saved(_red(), "MPO", quality=95, **few), RED),
    }


def _disguised() -> dict[str, HostileFile]:
    """Photos that are something else too, or say that they are."""
    jpeg, png = saved(_red(), "JPEG", quality=95), saved(_red(), "PNG")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("index.html", _SCRIPT)
    exif = Image.Exif()
    exif[0x010E] = _SCRIPT.decode()
    return {
        "jpeg called png": HostileFile(jpeg, RED, "photo.png"),
        "png called jpg": HostileFile(png, RED, "photo.jpg"),
        "png called exe": HostileFile(png, RED, "photo.exe"),
        "jpeg with a web page behind": HostileFile(jpeg + _SCRIPT, RED),
        "jpeg with a comment of php": HostileFile(saved(_red(), "JPEG", comment=_SCRIPT), RED),
        "jpeg with a script in exif": HostileFile(saved(_red(), "JPEG", exif=exif), RED),
        "png with a zip behind": HostileFile(png + archive.getvalue(), RED, "photo.zip"),
        "gif that is a script": HostileFile(
            b"GIF89a/*" + _SCRIPT + b"*/=1;", "damaged|not_a_photo"
        ),
        "bmp that is a script": HostileFile(b"BM" + _SCRIPT * 3, "damaged|not_a_photo"),
    }


def _foreign() -> dict[str, HostileFile]:
    ftyp = b"\0\0\0\x18ftyp%b\0\0\0\0mif1%b"
    texts: dict[str, bytes] = {
        "svg": _SVG,
        "svg, packed": gzip.compress(_SVG),
        "heic": ftyp % (b"heic", b"heic") + bytes(200),
        "avif": ftyp % (b"avif", b"avif") + bytes(200),
        "mp4": ftyp % (b"isom", b"mp41") + bytes(200),
        "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n(%pipe%id) (r) file\n",
        "psd": b"8BPS\0\1" + bytes(60),
        "ico": saved(_red().resize((32, 32)), "ICO"),
        "ppm": saved(_red(), "PPM"),
        "jpeg 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(60),
        "xbm": b"#define x_width 16\n#define x_height 16\nstatic char x_bits[] = {0};\n",
        "web page": b"<!doctype html>" + _SCRIPT,
        "program": b"\x7fELF" + bytes(60),
        "zip": b"PK\3\4" + bytes(60),
        "text in utf-16": "a photo, honestly".encode("utf-16"),
        "jpeg, packed": gzip.compress(saved(_red(), "JPEG")),
        "zeros": bytes(1_000_000),
        "noise": np.random.default_rng(1).bytes(100_000),
        "one byte": b"\xff",
    }
    files = {name: HostileFile(data, "not_a_photo") for name, data in texts.items()}
    return {**files, "nothing": HostileFile(b"", "empty")}


def _cut_short() -> dict[str, HostileFile]:
    kinds = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
    noise = Image.fromarray(np.random.default_rng(2).integers(0, 255, (90, 90, 3), np.uint8))
    files = {}
    for kind in kinds:
        data = saved(noise, kind)
        files[f"{kind.lower()} cut in half"] = HostileFile(data[: len(data) // 2], "damaged")
        files[f"{kind.lower()} of 20 bytes"] = HostileFile(data[:20], "not_a_photo|damaged")
    return files


def _damaged() -> dict[str, HostileFile]:
    png = bytearray(saved(_red(), "PNG"))
    png[png.index(b"IDAT") + 5] ^= 0xFF
    loop = b"II*\0\x08\0\0\0\1\0\0\1\4\0\1\0\0\0\x40\0\0\0\x08\0\0\0"
    return {
        "png with a flipped byte": HostileFile(bytes(png), "damaged"),
        "png of no size": HostileFile(_png(0, 0), "not_a_photo|damaged|too_small"),
        "png of no pixels": HostileFile(_png(64, 64, b""), "damaged"),
        "jpeg of nothing but its ends": HostileFile(b"\xff\xd8\xff\xd9", "not_a_photo|damaged"),
        "tiff whose directory loops": HostileFile(loop, "not_a_photo|damaged"),
        "tiff whose pixels lie far away": HostileFile(
            saved(_red(), "TIFF").replace(struct.pack("<I", 8), struct.pack("<I", 2**31 - 9), 1),
            "not_a_photo|damaged",
        ),
    }


def _bombs() -> dict[str, HostileFile]:
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "x" * 70_000_000, zip=True)
    many = b"".join(b"\xff\xed\xff\xff" + bytes(65_533) for _ in range(150))
    jpeg = saved(_red(), "JPEG", quality=95)
    wide = bytearray(jpeg)
    frame = wide.index(b"\xff\xc0")
    wide[frame + 5 : frame + 9] = struct.pack(">HH", 65_500, 65_500)
    bmp = bytearray(saved(_red(), "BMP"))
    bmp[18:26] = struct.pack("<ii", 2**31 - 1, 2**31 - 1)
    return {
        "png that promises 10 thousand million pixels": HostileFile(
            _png(100_000, 100_000), "too_many_pixels"
        ),
        "png of 400 million pixels in 50 kB": HostileFile(
            saved(Image.new("1", (20_000, 20_000)), "PNG"), "too_many_pixels"
        ),
        "gif of 4 thousand million pixels": HostileFile(
            b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + bytes(30),
            "too_many_pixels|damaged|not_a_photo",
        ),
        "jpeg that promises 4 thousand million pixels": HostileFile(bytes(wide), "too_many_pixels"),
        "bmp of the largest numbers": HostileFile(
            bytes(bmp), "too_many_pixels|damaged|not_a_photo"
        ),
        "png with 70 MB of packed text": HostileFile(
            saved(_red(), "PNG", pnginfo=text), "damaged|not_a_photo"
        ),
        "jpeg with 10 MB of headers": HostileFile(jpeg[:2] + many + jpeg[2:], RED),
    }


def _sizes() -> dict[str, HostileFile]:
    return {
        "one pixel": HostileFile(saved(Image.new("RGB", (1, 1)), "PNG"), "too_small"),
        "a line": HostileFile(saved(Image.new("RGB", (5000, 1)), "PNG"), "too_small"),
        "a very long strip": HostileFile(saved(Image.new("RGB", (40_000, 400)), "PNG"), PHOTO),
        "more bytes than allowed": HostileFile(b"\xff\xd8\xff" + bytes(31_000_000), "too_large"),
        "a large photo": HostileFile(saved(_red().resize((4500, 6000)), "JPEG"), RED),
    }


def _names() -> dict[str, HostileFile]:
    png = saved(_red(), "PNG")
    names = ("../../etc/passwd", "C:\\windows\\x.png", "é\u202egnp.exe", "a" * 900, "-rf", "%00")
    files = {f"png called {name[:30]!r}": HostileFile(png, RED, name) for name in names}
    files["png whose name is a book"] = HostileFile(png, "bad_request", "a" * 50_000)
    return files


def _png(width: int, height: int, pixels: bytes | None = None) -> bytes:
    """A PNG with a sound header of this size and hardly any pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = zlib.compress(bytes(100)) if pixels is None else pixels
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", body) + chunk(b"IEND", b"")
