"""How light the pages are, and how steady."""

from __future__ import annotations

HOME_BYTES = 150_000


def test_the_home_page_is_under_its_budget(browser, site):
    browser.cdp("Network.setCacheDisabled", cacheDisabled=True)
    browser.open(f"{site}/")
    browser.until(lambda: browser.run("return document.readyState") == "complete")

    sizes = browser.run(
        """return [...performance.getEntriesByType("navigation"),
                   ...performance.getEntriesByType("resource")]
            .map(({name, transferSize}) => [name, transferSize]);"""
    )
    browser.cdp("Network.setCacheDisabled", cacheDisabled=False)

    assert len(sizes) >= 3
    assert sum(size for _, size in sizes) < HOME_BYTES, sizes
    assert not [name for name, _ in sizes if "editor" in name]
    assert all(name.startswith(site) for name, _ in sizes)


def test_nothing_on_the_home_page_moves_after_it_is_shown(browser, site):
    browser.open(f"{site}/")

    shifts = browser.driver.execute_async_script(
        """const done = arguments[arguments.length - 1];
        const found = [];
        new PerformanceObserver((list) => found.push(...list.getEntries().map((e) => e.value)))
            .observe({type: "layout-shift", buffered: true});
        setTimeout(() => done(found), 1000);"""
    )

    assert sum(shifts) < 0.01, shifts


def test_the_home_page_is_drawn_before_any_script_but_the_theme(browser, site):
    browser.without_scripts().open(f"{site}/")

    assert browser.one("svg.chart g.moment").is_displayed()
    assert browser.one("svg.chart g.bar").is_displayed()
