"""Return freed memory to the operating system after merges.

glibc caches freed blocks: after a 20 MB array was freed, blocks of up to that size come from its
heaps, which shrink only at their end. Without trimming, fifteen merges in 12,000 photos left 60 MB.
"""

import ctypes
from functools import cache


def trim_memory() -> None:
    """Trim all heaps; does nothing where the C library is not glibc."""
    trim = _malloc_trim()
    if trim is not None:
        trim(0)


@cache
def _malloc_trim() -> "ctypes._NamedFuncPointer | None":
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
