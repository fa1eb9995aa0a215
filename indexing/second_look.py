"""A photo that somebody searches with in, its garment as a second segmenter sees it out.

The shipped one is the same network, taught mostly by garments that were photographed again: alone,
badly lit, partly hidden, on any ground. It is right where the first is wrong often enough to ask
both, and wrong on street photos often enough not to ask it alone.
"""

from indexing.records import PhotoSegmenter
from segmentation.mask import Garment
from segmentation.photos import Photo


class SecondLook:
    """Implements `probes.LookAgain`; without a segmenter it never finds anything."""

    def __init__(self, segmenter: PhotoSegmenter | None = None) -> None:
        self._segmenter = segmenter

    def __call__(self, photo: Photo) -> Garment | None:
        """The largest garment of the photo; None where there is none."""
        if self._segmenter is None:
            return None
        (found,) = self._segmenter.segment([photo])
        return found.garments[0] if found.garments else None


NO_SECOND_LOOK = SecondLook()
