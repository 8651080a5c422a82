"""Pages in a real browser: headless Chromium, driven over the WebDriver protocol.

Where Chromium or its driver is not installed (Debian: chromium, chromium-driver), or axe-core is
not (npm ci in frontend/), these tests are not collected, and the header of the run says so.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from browsing import Browser, serving, start

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
MISSING = [
    name
    for name, there in (
        ("chromium", CHROMIUM),
        ("chromedriver", DRIVER),
        ("axe-core", AXE.is_file()),
    )
    if not there
]

collect_ignore_glob = ["test_*.py"] if MISSING else []


def pytest_report_header() -> str | None:
    if MISSING:
        return f"browser tests are not collected: there is no {', no '.join(MISSING)}"
    return f"browser tests run in {CHROMIUM}"


@pytest.fixture(scope="session")
def site():
    """The address of a server of the shipped graph."""
    with serving() as address:
        yield address


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    driver = start(CHROMIUM, DRIVER, tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium):
    """A browser as a visitor has it: scripts on, 1280 px wide, light, English, nothing stored."""
    browser = Browser(chromium, AXE)
    browser.reset()
    yield browser
    browser.reset()
