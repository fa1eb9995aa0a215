"""What killed processes leave behind is removed by the next; what is in use stays."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from catalog.data_folder.working_folder import working_file, working_folder

KILLED = """
import os, sys, tempfile
from pathlib import Path
from catalog.data_folder.working_folder import working_file, working_folder
tempfile.tempdir = sys.argv[1]
working_file()
with working_folder(Path(sys.argv[1])) as folder:
    (folder / "database").write_text("of a customer")
    os._exit(9)
"""


def age(folder: Path) -> None:
    for path in folder.iterdir():
        os.utime(path, (0, 0))


def test_leftovers_of_a_killed_process_go(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert (killed.returncode, len(list(tmp_path.iterdir()))) == (9, 2)
    with working_folder(tmp_path) as young:
        assert len(list(tmp_path.iterdir())) == 3, young
    age(tmp_path)
    with working_folder(tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder]
    assert list(tmp_path.iterdir()) == []


def test_what_is_in_use_or_somebody_elses_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / ".apparel-work-link").symlink_to(elsewhere)
    with working_folder(tmp_path) as first:
        handle, file = working_file()
        age(tmp_path)
        with working_folder(tmp_path):
            assert first.is_dir()
            assert file.is_file()
        os.close(handle)
    assert elsewhere.is_dir()
    assert (tmp_path / ".apparel-work-link").is_symlink()
