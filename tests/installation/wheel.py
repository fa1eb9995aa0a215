"""Check the wheel: build it, install it into a bare environment, use it, uninstall it.

python -m tests.installation.wheel      (`make wheel`; a minute and a half, a package registry)
"""

import hashlib
import sys
import tempfile
from pathlib import Path

from tests.installation.environment import ROOT, new_environment, run

PACKAGES = ("segmentation", "catalog", "indexing", "search_app", "migrations")


def build(folder: Path) -> Path:
    """Build the wheel into a folder; return its path."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, folder=ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="apparel-wheel-") as name:
        folder = Path(name)
        wheel = build(folder / "dist")
        programs = new_environment(folder / "environment")
        python, apparel = programs / "python", programs / "apparel"
        run(python, "-m", "pip", "install", "--quiet", wheel)
        run(apparel, "demo", "--no-serve", folder=folder)
        sample = folder / "apparel-demo" / "demo" / "samples" / "red_tee.jpg"
        found = run(apparel, "search", sample, "--data", "apparel-demo", folder=folder)
        assert "red" in found.lower(), found
        run(apparel, "doctor", "--data", "apparel-demo", folder=folder)
        run(python, "-m", "pip", "uninstall", "--quiet", "--yes", "apparel-search")
        (library,) = (folder / "environment" / "lib").glob("python*")
        left = [each for each in PACKAGES if (library / "site-packages" / each).exists()]
        assert not left, f"uninstalling left {left}"
        assert not apparel.exists()
        print(f"{hashlib.sha256(wheel.read_bytes()).hexdigest()}  {wheel.name}")


if __name__ == "__main__":
    main()
