"""Install the lowest versions that pyproject.toml allows, and use them.

python -m tests.installation.lowest     (`make lowest`; a minute, a package registry and uv)
"""

import sys
import tempfile
from pathlib import Path

from tests.installation.environment import ROOT, new_environment, run, smoke


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="apparel-lowest-") as name:
        folder = Path(name)
        programs = new_environment(folder / "environment")
        run(
            sys.executable, "-m", "uv", "pip", "install", "--quiet",
            "--python", programs / "python", "--resolution", "lowest-direct", ROOT,
        )  # fmt: skip
        smoke(programs, folder)
        print(run(sys.executable, "-m", "uv", "pip", "list", "--python", programs / "python"))


if __name__ == "__main__":
    main()
