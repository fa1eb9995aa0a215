"""Runs the named benchmarks, or all of them."""

import argparse
from collections.abc import Callable
from typing import Any, Final

from indexing.benchmarks.broken_files import broken_files
from indexing.benchmarks.index_growth import index_growth
from indexing.benchmarks.report import hardware, print_document, tell

BENCHMARKS: Final[dict[str, Callable[[], Any]]] = {
    "broken-files": broken_files,
    "index-growth": index_growth,
}
"""Name -> a function that measures and gives a dataclass of figures; add yours here."""


def main() -> None:
    """Entry of `python -m indexing.benchmarks`."""
    parser = argparse.ArgumentParser(prog="python -m indexing.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    names = parser.parse_args().names or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; use one of {', '.join(BENCHMARKS)}")
    tell(f"on {hardware()}")
    print_document({name: BENCHMARKS[name]() for name in names})


if __name__ == "__main__":
    main()
