"""Small files that ask for minutes or gigabytes: refused or decoded within bounds."""

import io
import os
import struct
import threading
import time
import zlib
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segmentation.decoding import MAX_PARTS, MAX_SCANS, MemoryBudget, check_parts
from segmentation.errors import UnreadablePhoto
from segmentation.photos import read_photo

MEGABYTES = 29_000_000


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(name: bytes, body: bytes = b"") -> bytes:
    check = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)


def empty_png(side: int, colour: int, channels: int, more: bytes = b"") -> bytes:
    """A square PNG of zeros, of any colour type, written without holding its pixels."""
    packer, row = zlib.compressobj(9), bytes(1 + side * channels)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + more + chunk(b"IDAT", pixels) + chunk(b"IEND")


def with_scans(image: Image.Image, count: int) -> bytes:
    """A progressive JPEG whose last scan is there so many times more."""
    data = saved(image, "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + scan * count + data[-2:]


def tiff(tags: dict[int, tuple[int, int, int]], body: bytes) -> bytes:
    """A grey TIFF of 64 x 64 with these tags: type, count and value."""
    usual = {256: (4, 1, 64), 257: (4, 1, 64), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1),
             273: (4, 1, 8), 277: (3, 1, 1), 278: (4, 1, 64), 279: (4, 1, 4096)}  # fmt: skip
    entries = sorted((usual | tags).items())
    packed = b"".join(struct.pack("<HHII", tag, *value) for tag, value in entries)
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return head + packed + bytes(4) + body


def run_length_bmp(side: int, body: bytes) -> bytes:
    start = 54 + 1024
    head = struct.pack("<IHHI", start + len(body), 0, 0, start)
    about = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(body), 1, 1, 256, 0)
    return b"BM" + head + about + bytes(1024) + body


JPEG = saved(Image.new("RGB", (64, 64)), "JPEG")
PNG = saved(Image.new("RGB", (64, 64)), "PNG")
GIF = saved(Image.new("P", (64, 64)), "GIF")
FRAME = GIF.index(b",", 13)
COMPLEX: dict[str, Callable[[], bytes]] = {
    "jpeg of 40,000 scans": lambda: with_scans(Image.new("L", (2000, 2000)), 40_000),
    "jpeg of one scan too many": lambda: with_scans(Image.new("RGB", (64, 64)), MAX_SCANS),
    "jpeg of empty segments": lambda: JPEG[:2] + b"\xff\xe5\0\2" * (MEGABYTES // 4) + JPEG[2:],
    "jpeg of comments": lambda: JPEG[:2] + b"\xff\xfe\0\3a" * (MEGABYTES // 5) + JPEG[2:],
    "jpeg of padding": lambda: JPEG[:2] + b"\xff" * MEGABYTES + JPEG[2:],
    "jpeg of junk": lambda: JPEG[:2] + bytes(MEGABYTES) + JPEG[2:],
    "png of empty chunks": lambda: PNG[:33] + chunk(b"teSt") * (MEGABYTES // 12) + PNG[33:],
    "gif of comments": lambda: GIF[:FRAME] + b"!\xfe\1a\0" * (MEGABYTES // 5) + GIF[FRAME:],
    "gif of a comment in pieces": lambda: (
        GIF[:FRAME] + b"!\xfe" + b"\1a" * (MAX_PARTS + 1) + b"\0" + GIF[FRAME:]
    ),
    "tiff of tags that share 10 MB": lambda: tiff(
        {1000 + place: (7, 10_000_000, 20_000) for place in range(300)}, bytes(11_000_000)
    ),
    "tiff of seven million strips": lambda: tiff({273: (4, 7_000_000, 200)}, bytes(28_500_000)),
    "bmp of runs of one": lambda: run_length_bmp(7000, b"\1\7" * (MEGABYTES // 2)),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_a_file_of_too_many_parts_is_refused_at_once(name: str) -> None:
    data = COMPLEX[name]()
    started = time.process_time()
    with pytest.raises(UnreadablePhoto) as caught:
        read_photo(data)
    assert caught.value.code == "too_complex"
    assert time.process_time() - started < 0.5


def test_counting_takes_time_linear_in_the_size() -> None:
    def seconds(size: int) -> float:
        data = JPEG[:-2] + b"\xff\0" * size + JPEG[-2:]
        return min(_timed(lambda: check_parts(data)) for _ in range(5))

    assert seconds(8_000_000) < 2.5 * seconds(4_000_000)


def _timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def test_photos_of_many_parts_as_cameras_and_shops_write_them_are_read() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (2000, 3000, 3), np.uint8))
    png = saved(noise, "PNG", compress_level=0)
    pixels = zlib.compress(bytes((1 + 3000 * 3) * 2000), 0)
    small_chunks = [chunk(b"IDAT", pixels[at : at + 4096]) for at in range(0, len(pixels), 4096)]
    files = {
        "progressive jpeg": with_scans(noise.resize((400, 300)), 0),
        "jpeg with 900 segments": _with_segments(saved(noise.resize((400, 300)), "JPEG"), 900),
        "png of chunks of 4 kB": png[:33] + b"".join(small_chunks) + chunk(b"IEND"),
        "jpeg followed by a film": saved(noise.resize((400, 300)), "JPEG")
        + np.random.default_rng(1).integers(0, 255, 9_000_000, np.uint8).tobytes(),
    }
    for name, data in files.items():
        assert read_photo(data).shape[2] == 3, name


def _with_segments(jpeg: bytes, count: int) -> bytes:
    segment = b"\xff\xe2" + struct.pack(">H", 1002) + bytes(1000)
    return jpeg[:2] + segment * count + jpeg[2:]


def test_large_exif_costs_no_memory_and_not_the_photo() -> None:
    entries = [struct.pack("<HHII", 2000 + tag, 7, 9_000_000, 8) for tag in range(5000)]
    exif = b"II*\0" + struct.pack("<IH", 8, 5000) + b"".join(entries) + bytes(10_000_000)
    peak, code = _decoded_alone(PNG[:33] + chunk(b"eXIf", exif) + PNG[33:])
    assert code == ""
    assert peak < 100


SIDE = 7700
FORMS = {
    "rgba": lambda: empty_png(SIDE, 6, 4),
    "rgb": lambda: empty_png(SIDE, 2, 3),
    "grey with alpha": lambda: empty_png(SIDE, 4, 2),
    "palette with alpha": lambda: empty_png(
        SIDE, 3, 1, chunk(b"PLTE", bytes(30)) + chunk(b"tRNS", bytes(3))
    ),
    "floats": lambda: saved(Image.new("F", (SIDE, SIDE)), "TIFF", compression="tiff_lzw"),
    "progressive": lambda: with_scans(Image.new("RGB", (SIDE, SIDE)), 0),
    "webp": lambda: saved(Image.new("RGB", (6000, 6000)), "WEBP"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_small_file_of_many_pixels_is_decoded_in_bounded_memory(form: str) -> None:
    peak, code = _decoded_alone(FORMS[form]())
    assert code == ""
    assert peak < (600 if form == "webp" else 380)


def _decoded_alone(data: bytes) -> tuple[float, str]:
    """Megabytes more at the peak of a process that decodes a photo, and the code of a refusal."""
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_decode_in_child, args=(data, sender.send))
    child.start()
    peak, code = receiver.recv()
    child.join()
    return peak, code


def _decode_in_child(data: bytes, send: Callable[[tuple[float, str]], None]) -> None:
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, code = _peak(), ""
    try:
        read_photo(data)
    except UnreadablePhoto as refusal:
        code = refusal.code
    send((_peak() - before, code))
    os._exit(0)


def _peak() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def test_photos_wait_for_memory_in_order_and_the_large_one_is_not_starved() -> None:
    budget, order, held = MemoryBudget(10), [], threading.Event()

    def take(name: str, count: int) -> None:
        with budget.hold(count):
            order.append(name)
            held.wait(0.05)

    threads = []
    for name, count in (("small 1", 6), ("large", 10), ("small 2", 4), ("small 3", 4)):
        threads.append(threading.Thread(target=take, args=(name, count)))
        threads[-1].start()
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    assert order == ["small 1", "large", "small 2", "small 3"]


def test_strips_give_what_the_whole_photo_gives() -> None:
    rng = np.random.default_rng(2)
    pixels = rng.integers(0, 256, (2900, 2300, 4), np.uint8)
    decoded = read_photo(saved(Image.fromarray(pixels), "PNG"), max_side=700).astype(float)
    alpha = pixels[..., 3:].astype(float) / 255
    white = pixels[..., :3] * alpha + 255 * (1 - alpha)
    whole = Image.fromarray(white.round().astype(np.uint8)).reduce(2)
    whole.thumbnail((700, 700), Image.Resampling.BILINEAR)
    assert decoded.shape == (700, 555, 3)
    assert np.abs(decoded - np.asarray(whole)).max() <= 2
