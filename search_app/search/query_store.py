"""Query photos of visitors by random tokens, as bytes that expire.

The bytes are numpy's .npz without pickled objects: a JSON header, the photo, and of each garment
the mask (a bit a pixel) and the vector. Whoever writes into a shared database runs nothing.
"""

import io
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from catalog.colours import Colour
from indexing.types import EmbeddedGarment, GarmentAttributes, ModelFingerprint
from search_app.errors import QueryExpired
from search_app.search.query_photo import Pick, QueryPhoto
from search_app.search.uploads import StoredQuery
from search_app.security.expiring import ExpiringRows
from segmentation.classes import GarmentClass
from segmentation.mask import Box, Garment


class QueryStore:
    """Query photos in memory, or encrypted in a shared database; thread-safe."""

    def __init__(self, rows: ExpiringRows) -> None:
        self._rows = rows

    def add(self, stored: StoredQuery) -> str:
        """Store a query and return its token."""
        token = secrets.token_urlsafe(16)
        self.put(token, stored)
        return token

    def put(self, token: str, stored: StoredQuery) -> None:
        """Store a query under this token, replacing the previous one."""
        self._rows.put(token, query_to_bytes(stored))

    def get(self, token: str) -> StoredQuery:
        """The query of a token; restarts its time. Raises QueryExpired."""
        content = self._rows.get(token)
        if content is None:
            raise QueryExpired("this photo is no longer kept; upload it again")
        return query_from_bytes(content)

    def drop(self, token: str) -> None:
        self._rows.drop(token)

    def __len__(self) -> int:
        return len(self._rows)


Arrays = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True)
class _GarmentHeader:
    """All of a garment but its arrays."""

    garment_class: GarmentClass
    score: float
    box: Box
    area: float
    mask_shape: tuple[int, int]
    colours: tuple[Colour, ...]
    attributes: GarmentAttributes


@dataclass(frozen=True)
class _Header:
    """All of a query but its arrays; `garments` are the detected, the whole, those of `regions`."""

    height: int
    width: int
    monochrome: bool
    model: ModelFingerprint
    has_whole: bool
    regions: tuple[Pick, ...]
    garments: tuple[_GarmentHeader, ...]


_HEADER: Final = TypeAdapter(_Header)


def query_to_bytes(stored: StoredQuery) -> bytes:
    """Serialise a query."""
    query = stored.query
    whole = () if query.whole is None else (query.whole,)
    garments = (*query.garments, *whole, *(garment for _, garment in stored.regions))
    header = _Header(
        height=query.height,
        width=query.width,
        monochrome=query.monochrome,
        model=stored.model,
        has_whole=bool(whole),
        regions=tuple(pick for pick, _ in stored.regions),
        garments=tuple(map(_garment_header, garments)),
    )
    arrays: dict[str, Any] = {
        "header": np.frombuffer(_HEADER.dump_json(header), np.uint8),
        "jpeg": np.frombuffer(stored.jpeg, np.uint8),
    }
    for index, each in enumerate(garments):
        arrays[f"mask{index}"] = np.packbits(each.garment.mask)
        arrays[f"vector{index}"] = each.vector
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def query_from_bytes(content: bytes) -> StoredQuery:
    """The query of `query_to_bytes`."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        header = _HEADER.validate_json(arrays["header"].tobytes())
        garments = [_garment(each, index, arrays) for index, each in enumerate(header.garments)]
        jpeg = arrays["jpeg"].tobytes()
    made = garments[len(garments) - len(header.regions) :]
    detected = garments[: len(garments) - len(header.regions)]
    whole = detected.pop() if header.has_whole else None
    query = QueryPhoto(
        height=header.height, width=header.width, garments=tuple(detected), whole=whole,
        monochrome=header.monochrome,
    )  # fmt: skip
    regions = tuple(zip(header.regions, made, strict=True))
    return StoredQuery(query=query, jpeg=jpeg, model=header.model, regions=regions)


def _garment_header(embedded: EmbeddedGarment) -> _GarmentHeader:
    garment = embedded.garment
    return _GarmentHeader(
        garment_class=garment.garment_class,
        score=garment.score,
        box=garment.box,
        area=garment.area,
        mask_shape=garment.mask.shape,
        colours=embedded.colours,
        attributes=embedded.attributes,
    )


def _garment(header: _GarmentHeader, index: int, arrays: Arrays) -> EmbeddedGarment:
    height, width = header.mask_shape
    bits = np.unpackbits(arrays[f"mask{index}"].view(np.uint8), count=height * width)
    garment = Garment(
        garment_class=header.garment_class,
        score=header.score,
        box=header.box,
        mask=bits.reshape(height, width).astype(bool),
        area=header.area,
    )
    return EmbeddedGarment(
        garment=garment,
        colours=header.colours,
        vector=arrays[f"vector{index}"].astype(np.float32),
        attributes=header.attributes,
    )
