"""Licences of what `pip install apparel-search` installs: `python -m tests.installation.licences`.

The core requirements of pyproject.toml and what they require in turn, as installed here.
"""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, distribution
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[2]
FAMILIES: Final = {
    "MIT": r"\bMIT\b|^Expat",
    "Apache-2.0": r"Apache",
    "BSD": r"\bBSD\b",
    "PSF-2.0": r"\bPSF\b|Python Software Foundation",
    "MPL-2.0": r"\bMPL\b|Mozilla Public License",
    "HPND": r"\bHPND\b|MIT-CMU",
    "ISC": r"\bISC\b",
}
"""Permissive licences, and the file-wise copyleft MPL -> how packages name them."""


def core_packages() -> dict[str, str]:
    """Name of each package -> its licence; its own words where no family has them."""
    text = (ROOT / "pyproject.toml").read_text()
    waiting = [Requirement(line) for line in tomllib.loads(text)["project"]["dependencies"]]
    licences: dict[str, str] = {}
    while waiting:
        name = canonicalize_name(waiting.pop().name)
        if name not in licences:
            found = distribution(name)
            licences[name] = licence_of(found.metadata)
            waiting += _requirements(found.requires or [])
    return dict(sorted(licences.items()))


def _requirements(lines: list[str]) -> Iterator[Requirement]:
    for requirement in map(Requirement, lines):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement


def licence_of(metadata: PackageMetadata) -> str:
    """The licence family by expression, classifiers or first line of the licence field."""
    classifiers = metadata.get_all("Classifier") or []
    stated = [
        metadata["License-Expression"] or "",
        *(line.rpartition("::")[2] for line in classifiers if line.startswith("License ::")),
        (metadata["License"] or "").strip().partition("\n")[0],
    ]
    words = next((text for text in stated if text.strip(" -")), "")
    named = [family for family, pattern in FAMILIES.items() if re.search(pattern, words)]
    return " ".join(named) if named and "GPL" not in words else words


def main() -> None:
    for name, licence in core_packages().items():
        print(f"{name:24}{licence}")


if __name__ == "__main__":
    main()
