"""Write a picture of every page: python tests/browser/screenshots.py [DIRECTORY].

Each page is taken on a wide light screen, on a wide dark one, on a phone, and in Bengali.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from browsing import PAGES, Browser, serving, start

from conftest import AXE, CHROMIUM, DRIVER

LOOKS = {
    "light": {"width": 1280, "scheme": "light", "language": "en"},
    "dark": {"width": 1280, "scheme": "dark", "language": "en"},
    "phone": {"width": 360, "scheme": "light", "language": "en"},
    "bengali": {"width": 1280, "scheme": "light", "language": "bn"},
}
TALLEST = 6000


def picture(browser, address, file, *, width, scheme, language):
    browser.width(width)
    browser.scheme(scheme)
    browser.languages(language)
    browser.open(address)
    browser.until(lambda: not browser.every("#results[aria-busy]"))
    height = browser.run("return document.documentElement.scrollHeight")
    browser.width(width, min(max(height, 900), TALLEST))
    browser.driver.save_screenshot(str(file))


def main(directory, looks):
    directory.mkdir(parents=True, exist_ok=True)
    with serving() as site, tempfile.TemporaryDirectory() as profile:
        driver = start(CHROMIUM, DRIVER, profile)
        browser = Browser(driver, AXE)
        browser.reset()
        for page in PAGES:
            name = re.sub(r"[^a-z0-9]+", "-", page.lower()).strip("-")[:60] or "home"
            for look in looks:
                file = directory / f"{name}.{look}.png"
                picture(browser, site + page, file, **LOOKS[look])
                print(file)  # noqa: T201  # what the command is for
        driver.quit()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots"), sys.argv[2:] or LOOKS)
