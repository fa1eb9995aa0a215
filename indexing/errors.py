"""Exceptions of indexing and search.

    IndexingError
    ├── ModelMismatch     vectors or an index were made by another model than the loaded one
    ├── IndexDamaged      an index file does not match its manifest
    ├── EngineNotReady    the server lacks something that the vector engine needs
    └── EncoderError      an encoder cannot be loaded or is unsuitable

Every message is one line and ends with a remedy.
"""


class IndexingError(Exception):
    """Base class of this package's exceptions."""


class ModelMismatch(IndexingError):
    """Stored vectors come from another segmenter or encoder; the message names both."""


class IndexDamaged(IndexingError):
    """An index file fails its checksum or cannot be read."""


class EngineNotReady(IndexingError):
    """The vector engine cannot be used yet: extension, version or setting of the server."""


class EncoderError(IndexingError):
    """Encoder weights are missing, damaged or of another network."""
