"""One browser for each module of browser tests.

Debian's headless shell is Chromium's pages without its windows, and opens one for a quarter of the work; where it is missing, Chromium serves.
What the shell has not, notices on the desktop, asks for `whole_browser`.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest

CHROMIUM = "/usr/bin/chromium"
SHELL = "/usr/bin/chromium-headless-shell"
SECONDS = 20
"""How long a page may take to show what is expected, on a machine that does other work meanwhile."""


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(timeout=SECONDS * 1000)
    with playwright.sync_playwright() as found:
        yield found


@pytest.fixture(scope="module")
def browser(driver: Any) -> Iterator[Any]:
    yield from launched(driver, SHELL if os.path.exists(SHELL) else CHROMIUM)


@pytest.fixture(scope="module")
def whole_browser(driver: Any) -> Iterator[Any]:
    yield from launched(driver, CHROMIUM)


def launched(driver: Any, program: str) -> Iterator[Any]:
    """The browser at *program*; the test is skipped where there is none."""
    try:
        found = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
    except pytest.importorskip("playwright.sync_api").Error as failure:
        pytest.skip(f"no chromium: {failure}")
    yield found
    found.close()
