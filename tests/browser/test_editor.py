"""The query editor, as somebody uses it who lives in SPARQL."""

from __future__ import annotations

import json

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

STATES = """PREFIX dip: <https://diplomacy.example/ns/diplomacy#>
SELECT ?state WHERE { ?state a dip:State } ORDER BY ?state"""


def field(browser):
    """The text field, which stands in a shadow root."""
    browser.until(lambda: browser.run("return !!document.getElementById('code-field').shadowRoot"))
    return browser.run(
        "return document.getElementById('code-field').shadowRoot.querySelector('.cm-content')"
    )


def write(browser, text):
    """Replace the query by keyboard; brackets close themselves, so lines are put in whole."""
    content = field(browser)
    content.click()
    keys = ActionChains(browser.driver)
    keys.key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).send_keys(Keys.DELETE).perform()
    browser.cdp("Input.insertText", text=text)


def run(browser):
    browser.one("#query-form button.primary").click()


def rows(browser):
    return [row.text for row in browser.every("#results tbody tr")]


def marks(browser):
    """What the field marks as wrong."""
    return browser.run("return document.getElementById('query-form').diagnostics?.() ?? []")


def test_the_editor_opens_with_a_query_that_has_been_answered(browser, site):
    browser.open(f"{site}/sparql")

    browser.until(lambda: "rows" in browser.text("#status"))
    assert f"{len(rows(browser))} rows" in browser.text("#status")
    assert browser.link("diplomatic relation")


def test_a_query_is_edited_and_run_and_its_rows_are_labelled_links(browser, site):
    browser.open(f"{site}/sparql")

    write(browser, STATES)
    run(browser)

    browser.until(lambda: "18 rows" in browser.text("#status"))
    canada = browser.link("Canada")
    assert canada.get_attribute("href") == f"{site}/doc/state/CAN"


def test_ctrl_enter_runs_the_query(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, STATES)

    keys = ActionChains(browser.driver)
    keys.key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()

    browser.until(lambda: "18 rows" in browser.text("#status"))


def test_a_shared_link_brings_the_query_and_its_result_back(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, STATES)
    run(browser)
    browser.until(lambda: "18 rows" in browser.text("#status"))
    shared = browser.until(
        lambda: "#z=" in browser.driver.current_url and browser.driver.current_url
    )
    assert len(shared) < 300

    browser.driver.get("about:blank")
    browser.open(shared)

    browser.until(lambda: "18 rows" in browser.text("#status"))
    assert browser.run("return document.getElementById('query').value") == STATES


def test_a_syntax_error_is_marked_at_its_place_while_typing(browser, site):
    browser.open(f"{site}/sparql")

    write(browser, "SELECT ?s\nWHERE { ?s a }")

    (mark,) = browser.until(lambda: marks(browser))
    assert mark["severity"] == "error"
    assert mark["message"].startswith("line 2, column 14")
    assert mark["from"] == len("SELECT ?s\nWHERE { ?s a ")
    squiggle = browser.run(
        "return document.getElementById('code-field').shadowRoot"
        ".querySelector('.cm-lintRange-error')"
    )
    assert squiggle.text == "}"


def test_a_syntax_error_is_marked_at_its_place_behind_a_sign_of_two_units(browser, site):
    browser.open(f"{site}/sparql")

    write(browser, "ASK { ?s ?p '💬' ?x }")

    (mark,) = browser.until(lambda: marks(browser))
    assert mark["message"].startswith("line 1, column 17")
    assert mark["to"] - mark["from"] == 2
    assert mark["from"] == len("ASK { ?s ?p '💬' ") + 1


def test_a_name_that_the_graph_does_not_have_is_pointed_out(browser, site):
    browser.open(f"{site}/sparql")

    write(browser, STATES.replace("dip:State ", "dip:Stat "))

    (mark,) = browser.until(lambda: marks(browser))
    assert mark["severity"] == "warning"
    assert "dip:State" in mark["message"]


def test_a_refused_query_says_where_and_why(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, "SELECT nonsense")

    run(browser)

    box = browser.until(lambda: browser.every("#results [role=alert]"))[0]
    assert "line 1, column 8" in box.text
    assert box.find_element("css selector", "a").get_attribute("href").endswith("malformed-query")


def test_names_are_completed_by_label_in_any_language(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, "SELECT * WHERE { ?s ?p ")

    browser.cdp("Input.insertText", text="আজার")

    options = browser.until(
        lambda: browser.run(
            "return [...document.getElementById('code-field').shadowRoot"
            ".querySelectorAll('[role=option]')].map((each) => each.textContent)"
        )
    )
    assert any(option.startswith("state:AZE") for option in options)
    assert browser.audit() == []


def test_a_completed_name_brings_its_prefix_along(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, "SELECT * WHERE { ?s a ")
    browser.cdp("Input.insertText", text="dip:Miss")
    browser.until(
        lambda: browser.run(
            "return document.getElementById('code-field').shadowRoot"
            ".querySelector('[role=option][aria-selected=true]')"
        )
    )

    # CodeMirror takes no choice in the first 75 ms, so that typing on is not taken for one.
    browser.until(
        lambda: (
            ActionChains(browser.driver).pause(0.2).send_keys(Keys.ENTER).perform(),
            "dip:Mission" in browser.run("return document.getElementById('query').value"),
        )[1]
    )

    text = browser.run("return document.getElementById('query').value")
    assert text.startswith("PREFIX dip: <https://diplomacy.example/ns/diplomacy#>")


def test_results_are_shown_raw_as_a_chart_and_as_a_graph(browser, site):
    browser.open(f"{site}/sparql")
    write(
        browser,
        "PREFIX dip: <https://diplomacy.example/ns/diplomacy#>\n"
        "SELECT ?trade ?from ?amount WHERE { ?trade dip:exporter ?from ; dip:amount ?amount }",
    )
    run(browser)
    browser.until(lambda: browser.every("[data-view=chart]"))

    browser.one("[data-view=raw]").click()
    assert json.loads(browser.text("#results pre"))["results"]["bindings"]

    browser.one("[data-view=chart]").click()
    browser.until(lambda: len(browser.every("#results svg rect")) == 10)

    browser.one("[data-view=graph]").click()
    browser.until(lambda: browser.every("#results svg.network circle"))
    assert "Canada" in browser.text("#results svg")
    assert browser.audit() == []


def test_triples_are_shown_too(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, f"DESCRIBE <{'https://diplomacy.example/id/place/ottawa'}>")

    run(browser)

    browser.until(lambda: "triples" in browser.text("#status"))
    assert "Ottawa" in browser.text("#results")


def test_a_running_query_can_be_stopped(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")

    run(browser)
    browser.until(lambda: browser.one("#stop").is_enabled())
    browser.one("#stop").click()

    browser.until(lambda: browser.text("#status") == "Stopped.")


def test_queries_asked_before_are_kept_in_this_browser(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, STATES)
    run(browser)
    browser.until(lambda: "18 rows" in browser.text("#status"))

    browser.open(f"{site}/sparql")

    kept = "return document.getElementById('history').textContent"
    browser.until(lambda: "dip:State" in browser.run(kept))


def test_without_scripts_a_form_asks_the_same(browser, site):
    browser.without_scripts().open(f"{site}/sparql")

    area = browser.one("#query")
    area.clear()
    area.send_keys(STATES)
    run(browser)

    browser.until(lambda: "18 rows" in browser.text("#status"))
    assert browser.link("Canada")
    assert "format=csv" in browser.link("CSV").get_attribute("href")


def test_the_text_is_kept_when_the_page_is_left_and_the_view_is_in_the_link(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, STATES)
    run(browser)
    browser.until(lambda: "18 rows" in browser.text("#status"))

    browser.one("[data-view=raw]").click()
    browser.until(lambda: "view=raw" in browser.driver.current_url)
    link = browser.driver.current_url
    browser.open(f"{site}/")
    browser.open(link)

    browser.until(lambda: browser.one("[data-view=raw]").get_attribute("aria-pressed") == "true")
    browser.open(f"{site}/")
    browser.open(f"{site}/sparql")
    browser.until(lambda: "dip:State" in field(browser).text)


def test_lines_are_commented_out_by_a_key(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, STATES)

    keys = ActionChains(browser.driver)
    keys.key_down(Keys.CONTROL).send_keys("/").key_up(Keys.CONTROL).perform()

    browser.until(lambda: "# SELECT ?state" in field(browser).text)


def test_the_properties_of_the_class_are_offered_first_and_unasked(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, "SELECT * { ?m a <https://diplomacy.example/ns/diplomacy#Treaty> ;")

    field(browser).send_keys(" ")

    browser.until(
        lambda: browser.run(
            "return [...document.getElementById('code-field').shadowRoot"
            ".querySelectorAll('[role=option]')].map((each) => each.textContent)"
        )
    )


def test_a_chart_never_draws_two_currencies_to_one_scale_and_its_column_is_chosen(browser, site):
    browser.open(f"{site}/sparql")
    write(
        browser,
        "SELECT * { VALUES (?name ?exports ?balance ?currency) "
        '{ ("a" 1 -5 "CAD") ("b" 2 7 "USD") } }',
    )
    run(browser)
    browser.until(lambda: "2 rows" in browser.text("#status"))
    browser.one("[data-view=chart]").click()

    browser.until(lambda: len(browser.every("#results svg")) == 2)
    browser.one("#results select[data-column] option[value=balance]").click()
    browser.until(
        lambda: "-5" in browser.run("return document.querySelector('#results svg').textContent")
    )
