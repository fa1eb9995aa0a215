"""What can go wrong between a file and a mask.

    SegmentationError
    ├── UnreadablePhoto      the bytes are no photo we accept (a value in pipelines)
    ├── WeightsError         weights or their card are absent, damaged or do not fit
    ├── RuntimeAbsent        the runtime asked for by name does not work here
    └── DatasetError         a folder or a label file is not what it should be

Every message is one line and ends with what to do about it.
"""


class SegmentationError(Exception):
    """Base of everything this package raises on purpose."""


class UnreadablePhoto(SegmentationError):
    """A photo was refused; `code` is stable for machines, the message is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type["UnreadablePhoto"], tuple[str, str]]:
        # Raised in worker processes as well: pickle would call us with the message alone.
        return UnreadablePhoto, (self.code, str(self))


class WeightsError(SegmentationError):
    """A weights file or its card is missing, damaged or of another network."""


class RuntimeAbsent(SegmentationError):
    """The runtime that was asked for by name is not installed or cannot run a network."""


class DatasetError(SegmentationError):
    """A dataset folder, label list or annotation file cannot be used as it is."""
