"""The body of a foreign server's response: bounded, whole and unpacked."""

import zlib

import httpx2

from catalog.errors import HostFailed, NoPhotoThere


def read_body(response: httpx2.Response, limit: int, kind: str) -> bytes:
    """Read at most `limit` bytes, packed and unpacked, of what is called a `kind`.

    Raises:
        NoPhotoThere: it is larger, or packed otherwise than with gzip.
        HostFailed: it is a gzip that is damaged or was cut.
    """
    too_large = NoPhotoThere(
        "too_large", f"{response.url} is over {limit / 1e6:.0f} MB; offer a smaller {kind}"
    )
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and (len(announced) > 15 or int(announced) > limit):
        raise too_large
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > limit:
            raise too_large
    unpacked = _unpacked(response, bytes(body), limit)
    if len(unpacked) > limit:
        raise too_large
    return unpacked


def _unpacked(response: httpx2.Response, body: bytes, limit: int) -> bytes:
    """Undo gzip, which some servers send unasked; up to one byte over the limit.

    Several layers, which httpx2 would undo, can turn kilobytes into hours of work.
    """
    coding = response.headers.get("Content-Encoding", "").strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in ("gzip", "x-gzip"):
        raise NoPhotoThere(
            "packed", f"{response.url} comes packed as {coding[:40]!r}; offer it unpacked"
        )
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        data = unpacking.decompress(body, limit + 1)
    except zlib.error as error:
        raise _damaged(response) from error
    if len(data) <= limit and (not unpacking.eof or unpacking.unused_data):
        raise _damaged(response)
    return data


def _damaged(response: httpx2.Response) -> HostFailed:
    return HostFailed("unreachable", f"{response.url} comes as a damaged gzip; try again later")
