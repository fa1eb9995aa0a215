"""axe-core in the page at hand: what it finds serious or critical."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def serious(page: Page) -> list[str]:
    """Findings of axe that are serious or critical, with where they are."""
    violations = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{each['id']}: {each['help']} at {node['target']}"
        for each in violations
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"][:3]
    ]
