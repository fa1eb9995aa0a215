"""Break index, import, backup, restore, rebuild and prune at named points, again and again.

    python -m tests.faults [--runs 2000] [--seed 1]     (half a second a run; prints JSON)

Ends with 1 when something acknowledged was lost, `verify` found a problem, an exception was not
foreseen, or a start took more than five seconds of processor time.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.faults.sequence import run_faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="apparel-faults-") as folder:
        report = run_faults(Path(folder), arguments.runs, arguments.seed)
    document = {
        "runs": arguments.runs,
        "seed": arguments.seed,
        "faults": report.faults.total(),
        "by_name": dict(sorted(report.faults.items())),
        "finished": report.finished,
        "slowest_start": round(report.slowest_start, 3),
        "problems": report.problems,
    }
    print(json.dumps(document, indent=1))
    sys.exit(bool(report.problems))


if __name__ == "__main__":
    main()
