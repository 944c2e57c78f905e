"""axe-core over what a page shows: nothing that it finds, of any severity, is let through but what is listed here."""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple

from playwright.sync_api import Page

_AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


class Known(NamedTuple):
    """What Streamlit causes and has no setting for: a rule, and the elements for which alone it is let through."""

    rule: str
    selector: str
    reason: str


KNOWN = (
    Known(
        "landmark-unique",
        ".stPagination > [role=navigation]",
        "Above and below the samples there is a pagination, and Streamlit calls each one Pagination.",
    ),
)

_FOUND = """async (known) => {
  const found = await axe.run(document, {resultTypes: ["violations"], elementRef: true});
  return found.violations.flatMap((rule) => rule.nodes
    .filter((node) => !known.some(([id, selector]) => id === rule.id && node.element?.matches(selector)))
    .map((node) => `${rule.id} (${rule.impact}): ${rule.help}: ${node.target.flat().join(" ")} ${node.html}`));
}"""


def violations(page: Page) -> list[str]:
    """Return what axe-core finds in what the page shows now, components included, a line for each element."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_AXE)
    return page.evaluate(_FOUND, [[one.rule, one.selector] for one in KNOWN])
