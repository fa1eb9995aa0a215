"""The README's picture, made anew while `apparel demo` runs: `python -m tests.browser.picture`."""

import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from tests.browser.chromium import find_chromium

PICTURE: Final = Path(__file__).parents[2] / ".github" / "page.png"
SAMPLE: Final = "striped_top_and_jeans.jpg"


def main(address: str = "http://127.0.0.1:8000") -> None:
    """Search with a sample and save the first screen."""
    program = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(address)
        page.locator(f"button[value='{SAMPLE}']").click()
        page.wait_for_url("**/q/*")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
