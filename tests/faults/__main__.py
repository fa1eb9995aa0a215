"""Break index, import, backup, restore, rebuild and prune, or kill them and the server.

    python -m tests.faults [--faults 2000] [--seed 1]           (prints JSON)
    python -m tests.faults --kills 150 [--of serve ...]

Faults strike at named points (`tests.faults.points`), kills at random moments. Ends with 1 when
something acknowledged was lost, `verify` found a problem, an exception was not foreseen, or a start
took more than five seconds of processor time.
"""

import argparse
import json
import sys
import tempfile
from math import inf
from pathlib import Path

from tests.faults.operations import OPERATIONS
from tests.faults.sequence import run_faults, run_kills


def main() -> None:
    names = [*OPERATIONS, "serve"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=2000)
    parser.add_argument("--kills", type=int, help="kills of each operation, instead of faults")
    parser.add_argument("--of", nargs="+", choices=names, default=names, help="what is killed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=inf, help="stop by then")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="apparel-faults-") as name:
        folder, seed = Path(name), arguments.seed
        if arguments.kills:
            report = run_kills(folder, arguments.kills, seed, arguments.of, arguments.seconds)
        else:
            report = run_faults(folder, arguments.faults, seed, arguments.seconds)
    document = {
        "seed": arguments.seed,
        "struck": report.struck.total(),
        "by_name": dict(sorted(report.struck.items())),
        "finished": report.finished,
        "answered_before_kills": report.answered,
        "slowest_start": round(report.slowest_start, 3),
        "problems": report.problems,
    }
    print(json.dumps(document, indent=1))
    sys.exit(bool(report.problems))


if __name__ == "__main__":
    main()
