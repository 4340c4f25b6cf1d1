"""Asks axe about the page that is open. Only what it finds wrong leaves the browser: the whole of its report is megabytes a page."""

from typing import Any

import pytest

OPTIONS = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}, "resultTypes": ["violations"]}
ASK = """(options) => axe.run(options).then((found) => found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 140)).join("; ")}`))"""


def violations(page: Any) -> list[str]:
    """A line for each rule that is broken, with where."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(pytest.importorskip("axe_playwright_python.base").AXE_SCRIPT)
    found: list[str] = page.evaluate(ASK, OPTIONS)
    return found
