"""No copyleft licence in what serving installs, and the list of licences in the security page."""

import re
from pathlib import Path

from tests.installation.licences import FAMILIES, core_packages

PAGE = Path(__file__).parents[2] / "search_app" / "security" / "README.md"


def test_core_packages_have_permissive_licences() -> None:
    odd = {
        name: licence
        for name, licence in core_packages().items()
        if not set(licence.split()) <= FAMILIES.keys()
    }
    assert not odd


def test_the_page_lists_the_licence_of_each_core_package() -> None:
    section = PAGE.read_text().partition("## Licences")[2].partition("\n## ")[0]
    listed = {
        name: row[1]
        for row in re.finditer(r"^\| (.+?) \| (.+?) \|$", section, re.MULTILINE)
        for name in row[2].split(", ")
    }
    assert core_packages().items() <= listed.items()
