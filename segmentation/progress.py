"""Progress of long runs."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with the numbers of things done and of all."""


def no_progress(done: int, total: int) -> None:
    """Ignore progress."""
