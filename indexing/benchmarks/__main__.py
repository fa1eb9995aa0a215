"""Run the named benchmarks, or all of them."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from indexing.benchmarks.bulk import BULK_PHOTOS, measure_bulk
from indexing.benchmarks.index_growth import index_growth
from indexing.benchmarks.networks import PHOTOS, measure_networks
from indexing.benchmarks.query import measure_query
from indexing.benchmarks.report import hardware, log, print_document
from indexing.benchmarks.scale.feeds import measure_feeds
from indexing.benchmarks.scale.words import measure_words
from indexing.benchmarks.soak import SOAK_PHOTOS, measure_soak
from segmentation.runtime import RuntimeOptions

BENCHMARKS: Final[dict[str, Callable[[], Any]]] = {
    "feeds": measure_feeds,
    "index-growth": index_growth,
    "words": measure_words,
}
"""Name -> a function that measures and returns a dataclass of figures."""

PHOTO_BENCHMARKS: Final = ("bulk", "networks", "query", "soak")


def main() -> None:
    """Entry point of `python -m indexing.benchmarks`."""
    parser = argparse.ArgumentParser(prog="python -m indexing.benchmarks", description=__doc__)
    known = sorted({*BENCHMARKS, *PHOTO_BENCHMARKS})
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--photos", type=Path, metavar="DIR", help="photos to use, else drawn ones")
    parser.add_argument("--count", type=int, metavar="N", help="how many photos")
    parser.add_argument("--light", action="store_true", help="soak: without the real networks")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of the networks")
    parsed = parser.parse_args()
    benchmarks = BENCHMARKS | _with_photos(parsed)
    names = parsed.names or known
    unknown = [name for name in names if name not in benchmarks]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; use one of {', '.join(known)}")
    log(f"on {hardware()}")
    print_document({name: benchmarks[name]() for name in names})


def _with_photos(parsed: argparse.Namespace) -> dict[str, Callable[[], Any]]:
    """The benchmarks that run the real networks on photos."""
    options = RuntimeOptions("auto", parsed.threads, Path("~/.cache/apparel-search").expanduser())
    return {
        "bulk": partial(measure_bulk, parsed.photos, options, parsed.count or BULK_PHOTOS),
        "networks": partial(measure_networks, parsed.photos, options, parsed.count or PHOTOS),
        "query": partial(measure_query, parsed.photos, options),
        "soak": partial(
            measure_soak, parsed.photos, options, parsed.count or SOAK_PHOTOS, parsed.light
        ),
    }


if __name__ == "__main__":
    main()
