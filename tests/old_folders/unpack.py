"""Unpack the data folders of earlier schemas."""

import subprocess
from pathlib import Path
from typing import Final

OLD_FOLDERS: Final = Path(__file__).parent


def unpack(version: str, folder: Path) -> Path:
    """Unpack the data folder that the code of an earlier schema made, and return its path."""
    # Python's own tarfile has safe filters only from 3.11.4 on.
    subprocess.run(["tar", "-xJf", OLD_FOLDERS / f"{version}.tar.xz", "-C", folder], check=True)
    return folder / "data"
