"""The notebook runs from top to bottom in a kernel of its own, as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[3]
NOTEBOOK = ROOT / "search_app" / "examples" / "catalogue.ipynb"
RUN = "from nbclient.cli import main; main()"
SECONDS = 300


def test_notebook_indexes_searches_and_shows_a_contact_sheet(tmp_path: Path) -> None:
    out = tmp_path / "executed.ipynb"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(NOTEBOOK), "--output", str(out.with_suffix(""))],
        env=environment, capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    outputs = [
        output
        for cell in nbformat.read(out, as_version=4).cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    texts = "".join(output.get("text", "") for output in outputs)
    assert re.search(r"^(1[6-9]|2\d) photos, \d\d garments", texts, re.MULTILINE), texts
    assert any("image/png" in output.get("data", {}) for output in outputs)


def test_notebook_is_stored_without_outputs() -> None:
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        assert not cell.get("outputs")
