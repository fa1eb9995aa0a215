"""Exceptions of this package.

    SegmentationError
    ├── UnreadablePhoto      the bytes are not a supported photo (a value in pipelines)
    ├── WeightsError         weights or their card are missing, damaged or unsuitable
    ├── RuntimeAbsent        the chosen runtime does not work here
    └── DatasetError         a dataset folder or label file is invalid

Every message is one line and ends with a remedy.
"""


class SegmentationError(Exception):
    """Base class of this package's exceptions."""


class UnreadablePhoto(SegmentationError):
    """A photo was refused; `code` is a stable identifier for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type["UnreadablePhoto"], tuple[str, str]]:
        # Pickle, used by worker processes, would pass only the message.
        return UnreadablePhoto, (self.code, str(self))


class WeightsError(SegmentationError):
    """A weights file or its card is missing, damaged or of another network."""


class RuntimeAbsent(SegmentationError):
    """The chosen runtime is not installed or cannot run a network."""


class DatasetError(SegmentationError):
    """A dataset folder, label list or annotation file is invalid."""
