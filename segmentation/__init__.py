"""Segment garments on photos; usable on its own.

    from segmentation import Segmenter, read_photo
    (segmentation,) = Segmenter.load().segment([read_photo(path)])
    segmentation.mask, segmentation.garments

This package imports no other package of the project. `classes`, `mask`, `photos` and `errors`
(numpy and Pillow only) are shared types that any package may import; the network is imported by
`indexing.embedding.wiring` only.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segmentation.classes import GarmentClass
    from segmentation.mask import Garment
    from segmentation.photos import read_photo
    from segmentation.segmented_photo import Segmentation
    from segmentation.segmenter import Segmenter

__all__ = ["Garment", "GarmentClass", "Segmentation", "Segmenter", "read_photo"]

_MODULES = {
    "Garment": "segmentation.mask",
    "GarmentClass": "segmentation.classes",
    "Segmentation": "segmentation.segmented_photo",
    "Segmenter": "segmentation.segmenter",
    "read_photo": "segmentation.photos",
}


def __getattr__(name: str) -> Any:
    """Import an exported name on first use."""
    if name not in _MODULES:
        raise AttributeError(f"module 'segmentation' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
