"""What can go wrong between a mask and its hits.

    IndexingError
    ├── ModelMismatch     vectors or an index made by another model than the one at hand
    ├── IndexDamaged      an index file is not what its manifest says
    └── EncoderError      an encoder cannot be loaded or does not fit

Every message is one line and ends with what to do about it.
"""


class IndexingError(Exception):
    """Base of everything this package raises on purpose."""


class ModelMismatch(IndexingError):
    """Stored vectors come from another segmenter or encoder; names both."""


class IndexDamaged(IndexingError):
    """An index file fails its checksum or cannot be read."""


class EncoderError(IndexingError):
    """Encoder weights are missing, damaged or of another network."""
