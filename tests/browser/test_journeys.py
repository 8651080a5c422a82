"""What people come for, from the home page on, by what they see and click."""

from __future__ import annotations

import itertools

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_canada_is_found_by_its_bengali_name(browser, site, scripts):
    if not scripts:
        browser.without_scripts()
    browser.open(f"{site}/")

    box = browser.one("#q")
    box.send_keys("কানাডা")
    box.submit()
    browser.until(lambda: browser.every(".found a"))
    browser.one(".found a").click()

    browser.until(lambda: browser.driver.current_url.endswith("/doc/state/CAN"))
    browser.until(lambda: browser.text("h1") == "Canada")


def test_a_name_is_suggested_while_it_is_typed_and_chosen_by_keyboard(browser, site):
    browser.open(f"{site}/")

    box = browser.one("#q")
    box.send_keys("কানা")
    browser.until(lambda: browser.every(".suggestions [role=option]"))
    assert browser.audit() == []
    box.send_keys(Keys.ARROW_DOWN, Keys.ENTER)

    browser.until(lambda: "/doc/" in browser.driver.current_url)
    assert browser.one("h1").text


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_who_says_that_canada_has_no_embassy_in_azerbaijan(browser, site, scripts):
    if not scripts:
        browser.without_scripts()
    browser.open(f"{site}/")

    card = browser.every(".pair .card")[1]
    assert card.find_element("css selector", "h3").text == "Canada · Azerbaijan"
    assert card.find_element("css selector", ".badge").text == "denied"
    card.find_element("partial link text", "F5").click()

    browser.until(lambda: "/claim/F5" in browser.driver.current_url)
    browser.until(lambda: "Canada has no embassy in Azerbaijan." in browser.text())
    assert "sentence 2" in browser.text(".notes")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_disputed_bars_of_the_trade_chart_lead_to_what_contradicts_them(browser, site, scripts):
    if not scripts:
        browser.without_scripts()
    browser.open(f"{site}/queries/trade?state=CAN&other=AZE")

    hatched = browser.every(".chart-wide g.bar[data-standing=disputed] rect")
    assert len(hatched) == 3
    assert all("hatch" in bar.get_attribute("fill") for bar in hatched)
    first = browser.one(".chart-wide a:has(g.bar[data-standing=disputed])")
    browser.open(site + first.get_dom_attribute("href"))

    assert "disputed" in browser.text(".fact")
    assert browser.every(".against li")


def test_a_question_is_asked_sorted_and_opened_in_the_editor(browser, site):
    browser.open(f"{site}/queries/trade")
    field = browser.one("#p-year")
    field.clear()
    browser.one("form.card button.primary").click()
    browser.until(lambda: "year=" in browser.driver.current_url)

    heads = [head.text.strip("↕↑↓ \n") for head in browser.every("th")]
    column = heads.index("amount") + 1

    def amounts():
        cells = browser.every(f"tbody td:nth-child({column})")
        return [float(text) for cell in cells if (text := cell.get_attribute("data-sort"))]

    head = browser.one(f"th:nth-child({column}) button.sort")
    head.click()
    assert amounts() == sorted(amounts())
    head.click()
    assert amounts() == sorted(amounts(), reverse=True)

    browser.one("form[action='/sparql'] button").click()
    browser.until(lambda: "/sparql" in browser.driver.current_url)
    browser.until(lambda: "rows" in browser.text("#status"))


def test_the_neighbourhood_is_walked_without_scripts_by_its_links(browser, site):
    browser.without_scripts().open(f"{site}/doc/relation/AZE-CAN")

    links = [each.get_dom_attribute("href") for each in browser.every("svg.network a")]

    assert "/doc/state/CAN" in links


def test_the_choice_of_dark_is_kept(browser, site):
    browser.open(f"{site}/")
    paper = "return getComputedStyle(document.body).backgroundColor"
    light = browser.run(paper)

    browser.one("#theme-dark").click()
    dark = browser.run(paper)
    browser.open(f"{site}/conflicts")

    assert dark != light
    assert browser.run(paper) == dark
    assert browser.one("#theme-dark").is_selected()
    browser.run("localStorage.clear()")


def test_dark_can_be_chosen_without_scripts(browser, site):
    browser.without_scripts().open(f"{site}/")
    light = browser.one("body").value_of_css_property("background-color")

    browser.one("#theme-dark").click()

    assert browser.one("body").value_of_css_property("background-color") != light


def test_the_language_once_chosen_is_kept(browser, site):
    browser.open(f"{site}/")

    browser.link("বাংলা").click()
    browser.open(f"{site}/doc/state/CAN")

    assert browser.text("h1") == "কানাডা"


def test_everything_is_reached_by_keyboard(browser, site):
    browser.open(f"{site}/")

    body = browser.one("body")
    body.send_keys(Keys.TAB)
    first = browser.run("return document.activeElement.className")
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)

    assert first == "skip"
    assert browser.run("return document.activeElement.id") == "main"


def test_code_can_be_copied(browser, site):
    browser.open(f"{site}/queries/missions")

    browser.until(lambda: len(browser.every("button.copy")) >= 3)


def test_no_long_line_of_code_lies_upon_its_button(browser, site):
    browser.open(f"{site}/queries/trade")
    embed = next(each for each in browser.every("summary") if each.text == "Embed")
    embed.click()
    button = browser.until(lambda: embed.find_element(By.XPATH, "..//button"))

    button.click()

    browser.until(lambda: button.text in "✓✗")


def test_a_page_that_is_not_there_helps_on(browser, site):
    browser.open(f"{site}/doc/state/CAM")

    assert "CAN" in browser.text()
    assert browser.link("What this problem means")


def test_the_arrow_up_moves_in_the_list_of_suggestions(browser, site):
    browser.open(f"{site}/")
    box = browser.one("#q")
    box.send_keys("embassy")
    browser.until(lambda: len(browser.every(".suggestions [role=option]")) > 2)
    options = browser.every(".suggestions [role=option]")

    box.send_keys(Keys.ARROW_UP)
    assert options[-1].get_attribute("aria-selected") == "true"
    box.send_keys(Keys.ARROW_UP)
    assert options[-2].get_attribute("aria-selected") == "true"


def test_code_is_copied_where_the_browser_has_no_clipboard_for_the_page(browser, site):
    browser.open(f"{site}/queries/missions")
    browser.run("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    button = next(each for each in browser.every("button.copy") if each.is_displayed())

    button.click()

    browser.until(lambda: button.text == "✓")


def test_the_header_leaves_a_phone_its_room(browser, site):
    browser.width(390, 844)
    browser.open(f"{site}/queries/")

    height = browser.run("return document.querySelector('.site-header').offsetHeight")

    assert height < 190


@pytest.mark.parametrize("language", ["en", "bn", "fr"])
def test_the_header_is_one_line_on_a_wide_screen(browser, site, language):
    browser.languages(language)
    browser.open(f"{site}/queries/")

    tops = browser.run(
        "return [...document.querySelectorAll('.site-nav, .site-search, .languages')]"
        ".map((each) => each.getBoundingClientRect().bottom)"
    )

    assert max(tops) < 70


def test_print_has_the_heads_of_columns_and_all_of_the_table(browser, site):
    browser.open(f"{site}/queries/missions")
    browser.width(800, 1000)
    browser.cdp("Emulation.setEmulatedMedia", media="print")
    head = browser.one("th button.sort").text.strip()
    table, page = browser.run(
        "return [document.querySelector('.scroll > table').scrollWidth, innerWidth]"
    )
    browser.cdp("Emulation.setEmulatedMedia", media="")

    assert head
    assert table <= page


def test_print_breaks_no_number_and_no_year(browser, site):
    browser.open(f"{site}/queries/trade?state=CAN")
    browser.width(1040, 700)  # a landscape page
    browser.cdp("Emulation.setEmulatedMedia", media="print")
    lines = browser.run(
        """return [...document.querySelectorAll("tbody td:first-child, td.number")]
            .filter((cell) => cell.textContent.trim())
            .map((cell) => {
                const range = document.createRange();
                range.selectNodeContents(cell.querySelector("bdi"));
                return new Set([...range.getClientRects()].map(({top}) => top)).size;
            })"""
    )
    browser.cdp("Emulation.setEmulatedMedia", media="")

    assert len(lines) > 10
    assert set(lines) == {1}


@pytest.mark.parametrize("language", ["en", "bn", "fr"])
def test_the_answer_is_seen_without_scrolling_sideways(browser, site, language):
    browser.languages(language)
    browser.width(1280)
    for name in (
        "trade",
        "trade-balance",
        "missions",
        "conflicts",
        "embassy-status",
        "recognitions",
        "comparisons",
    ):
        browser.open(f"{site}/queries/{name}")

        hidden = browser.run(
            "const box = document.querySelector('.scroll:has(> table)');"
            "return box.scrollWidth - box.clientWidth"
        )
        assert hidden <= 1, name


LABELS = """return [...document.querySelectorAll("[data-neighbourhood] svg")]
    .filter((each) => each.getBoundingClientRect().width > 0)
    .flatMap((each) => [...each.querySelectorAll("text")])
    .map((each) => each.getBoundingClientRect())
    .map(({left, right, top, bottom}) => [left, right, top, bottom])"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["/doc/state/AZE", "/doc/state/AZE?drawing=whole"])
def test_no_label_of_the_neighbourhood_lies_on_another(browser, site, width, path):
    browser.width(width)
    browser.open(site + path)

    boxes = browser.run(LABELS)

    assert len(boxes) > 10
    assert not [
        (one, other)
        for one, other in itertools.combinations(boxes, 2)
        if one[0] < other[1] - 1
        and other[0] < one[1] - 1
        and one[2] < other[3] - 1
        and other[2] < one[3] - 1
    ]


def test_the_neighbourhood_is_walked_and_drawn_whole_within_the_page(browser, site):
    browser.open(f"{site}/doc/state/AZE")
    small = len(browser.every("[data-neighbourhood] .chart-wide circle"))

    browser.one("figcaption a[data-drawing]").click()
    browser.until(lambda: len(browser.every("[data-neighbourhood] .chart-wide circle")) > small)
    assert browser.driver.current_url == f"{site}/doc/state/AZE"
    browser.one('.chart-wide a[aria-label$=": Canada"]').click()

    middle = '[data-neighbourhood] .chart-wide text[class="heading halo"]'
    browser.until(lambda: browser.text(middle) == "Canada")
    assert browser.text("h1") == "Azerbaijan"
    assert browser.audit() == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_facts_are_filtered_by_standing(browser, site, scripts):
    if not scripts:
        browser.without_scripts()
    browser.open(f"{site}/doc/state/AZE")

    browser.one("#show-disputed").click()

    shown = [each for each in browser.every("li.fact") if each.is_displayed()]
    assert len(shown) == 8
    assert all("disputed" in each.get_attribute("class") for each in shown)


def test_no_word_of_a_title_is_broken_in_the_header_of_a_phone(browser, site):
    browser.width(360)
    browser.open(f"{site}/about?lang=fr")

    lines = browser.run(
        """const text = [...document.querySelector(".brand").childNodes].at(-1), found = [];
        for (const { index, 0: word } of text.data.matchAll(/\\S+/g)) {
          const range = document.createRange();
          range.setStart(text, index);
          range.setEnd(text, index + word.length);
          found.push(range.getClientRects().length);
        }
        return found"""
    )

    assert len(lines) == 5
    assert set(lines) == {1}


def test_an_example_in_an_empty_field_is_not_printed(browser, site):
    browser.open(f"{site}/queries/trade?state=CAN")
    browser.cdp("Emulation.setEmulatedMedia", media="print")

    colour = "return getComputedStyle(document.querySelector('#p-year'), '::placeholder').color"
    assert browser.run(colour) == "rgba(0, 0, 0, 0)"
