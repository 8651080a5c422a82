"""Every page, in every way that people see it."""

from __future__ import annotations

import pytest
from browsing import PAGES


@pytest.fixture(params=PAGES)
def page(request, site):
    return site + request.param


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_accessibility_rules_find_nothing(browser, page, scheme):
    browser.scheme(scheme)

    browser.open(page)

    assert browser.audit() == []


def test_a_phone_shows_the_page_without_scrolling_sideways(browser, page):
    browser.width(360)

    browser.open(page)

    width = browser.run("return document.documentElement.scrollWidth")
    assert width <= 360
    assert browser.audit() == []


def test_the_policy_of_the_page_is_never_violated(browser, page):
    browser.open(page)
    browser.until(lambda: browser.run("return document.readyState") == "complete")

    complaints = [each for each in browser.complaints() if "Failed to load resource" not in each]

    assert complaints == []


def test_the_page_has_its_landmarks_and_one_heading(browser, page):
    browser.open(page)

    own = () if "/embed/" in page else ("header", "nav", "a.skip")
    for landmark in ("main", "footer", *own):
        assert browser.every(landmark), landmark
    assert len(browser.every("h1")) == 1


@pytest.mark.parametrize("language", ["bn", "fr"])
def test_the_page_is_complete_in_other_languages(browser, page, language):
    browser.languages(language)

    browser.open(page)

    assert browser.one("html").get_attribute("lang") == language
    assert browser.audit() == []


def test_the_page_is_complete_without_scripts(browser, page):
    browser.without_scripts().open(page)

    assert browser.text("h1")
    assert browser.every("footer a")
