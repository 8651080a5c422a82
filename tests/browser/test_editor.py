"""The query editor, as somebody uses it who lives in SPARQL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from kg_server.sparql import lexer

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


def test_a_refusal_is_told_in_the_language_of_the_page(browser, site):
    browser.open(f"{site}/sparql?lang=fr")
    write(browser, "SELECT * { ?s ?p ?o")

    run(browser)

    box = browser.until(lambda: browser.every("#results [role=alert]"))[0]
    assert (
        box.find_element("css selector", "h2").text == "La requête n’est pas du SPARQL bien formé"
    )


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


def mark_texts(browser):
    return browser.run(
        "return [...document.getElementById('code-field').shadowRoot"
        ".querySelectorAll('.cm-lintRange-warning')].map((each) => each.textContent)"
    )


def press(browser, name):
    browser.one(f"#{name}").click()


def text_of_query(browser):
    return browser.run("return document.getElementById('query').value")


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


@pytest.mark.parametrize("unit", ["currency", "currencyCode", "exportsUnit"])
def test_a_chart_never_draws_two_units_to_one_scale_and_its_column_is_chosen(browser, site, unit):
    browser.open(f"{site}/sparql")
    write(
        browser,
        f"SELECT ?name ?exports ?balance ?{unit} {{ VALUES (?name ?exports ?balance ?{unit}) "
        '{ ("a" 1 -5 "CAD") ("b" 2 7 "USD") } }',
    )
    run(browser)
    browser.until(lambda: "2 rows" in browser.text("#status"))
    browser.one("[data-view=chart]").click()

    browser.until(lambda: len(browser.every("#results svg")) == 2)
    browser.one("#results select[data-column] option[value=balance]").click()
    browser.until(
        lambda: "a · 1" in browser.run("return document.querySelector('#results svg').textContent")
    )


def test_a_chart_on_a_phone_has_its_numbers_and_the_sources_of_like_bars(browser, site):
    browser.width(390)
    browser.open(f"{site}/sparql")
    write(
        browser,
        "SELECT ?way ?with ?amount ?sourceLabel { VALUES (?way ?with ?amount ?sourceLabel) "
        '{ ("imports" "Canada" 1200000000 "an article") ("imports" "Canada" 31 "a book") } }',
    )
    run(browser)
    browser.until(lambda: "2 rows" in browser.text("#status"))
    browser.one("[data-view=chart]").click()
    browser.until(lambda: browser.every("#results svg"))

    scale, texts = browser.run(
        """const svg = document.querySelector("#results svg");
        const texts = [...svg.querySelectorAll("g.row text")].map((each) => each.textContent);
        return [svg.getBoundingClientRect().width / svg.viewBox.baseVal.width, texts];"""
    )
    assert scale > 0.85
    assert texts == ["1.2B", "imports · an article", "31", "imports · a book"]


def test_a_result_that_cannot_be_saved_ends_in_a_message(browser, site):
    browser.open(f"{site}/sparql")
    browser.until(lambda: "rows" in browser.text("#status"))

    browser.run("window.fetch = () => Promise.reject(new TypeError('the server is away'))")
    next(each for each in browser.every("#results button") if "CSV" in each.text).click()

    browser.until(lambda: browser.one("#results [role=alert]").text)


def test_a_result_without_rows_says_which_pattern_alone_has_no_match(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, "SELECT * {\n  ?s a ?class .\n  ?s <https://e.org/nothing> ?o\n}")

    run(browser)

    browser.until(lambda: browser.every("[data-nothing] code"))
    assert [each.text for each in browser.every("[data-nothing] code")] == [
        "?s <https://e.org/nothing> ?o"
    ]
    browser.until(lambda: mark_texts(browser) == ["<https://e.org/nothing> ?o"])
    assert browser.audit() == []


def test_patterns_that_match_alone_and_not_together_are_said_to_do_so(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, STATES.replace("dip:State }", "dip:State ; a dip:Treaty }"))

    run(browser)

    browser.until(lambda: "together they have none" in browser.text("[data-nothing]"))


def test_a_query_is_explained_by_the_matches_of_its_patterns(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, STATES.replace("dip:State }", "dip:State . ?a ?b ?c }"))

    press(browser, "explain")

    first = browser.until(lambda: browser.one("[data-explanation] tr"))
    assert first.text == "18 ?state a dip:State"
    assert "share no variable" in browser.text("[data-explanation]")


def test_the_query_that_is_evaluated_in_place_of_another_is_shown(browser, site):
    browser.open(f"{site}/sparql")
    negation = "FILTER NOT EXISTS { ?treaty a dip:Treaty ; dip:signatory ?state }"
    write(browser, STATES.replace("dip:State }", f"dip:State {negation} }}"))

    press(browser, "explain")

    evaluated = browser.until(lambda: browser.one("[data-evaluated]"))
    assert "MINUS" in evaluated.text


def test_a_query_is_laid_out_by_a_button_and_stays_the_same_query(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, STATES.lower().replace("dip:state ", "dip:State ").replace("\n", " "))

    press(browser, "format")

    browser.until(lambda: "\nWHERE {\n  ?state a dip:State\n}\n" in text_of_query(browser))
    first = text_of_query(browser)
    press(browser, "format")
    assert text_of_query(browser) == first
    run(browser)
    browser.until(lambda: "18 rows" in browser.text("#status"))


def test_the_layout_changes_no_token_of_any_canned_query(browser, site):
    browser.open(f"{site}/sparql")
    field(browser)
    files = sorted((Path(__file__).parents[2] / "queries").glob("*.rq"))
    assert len(files) > 10

    for file in files:
        text = file.read_text("utf-8")
        browser.run(
            "document.querySelector('[data-tab=new]').click();"
            "document.getElementById('query-form').write(arguments[0]);"
            "document.getElementById('format').click()",
            text,
        )
        laid_out = text_of_query(browser)
        assert tokens(laid_out) == tokens(text), file.name


ODD_TEXTS = [
    "SELECT * { ?s ?p .5 , +.3 , 1.e5, .5E-3 . ?a ?b 5. ?c ?d ?e }",
    "ASK { ?s ?p 'a # b' . # end\n ?x <http://e/#a> '''# not\n   a comment''' }",
    "ASK { ?s ?p 'no end,  two spaces # here\n ?x ?y }",
    "ASK { ?s ?p '' , '''''' , ''' no  end\n   here }",
    "select ?প্রেরক where{{{?প্রেরক a 'filter  \\' where'@en",
]


def test_the_layout_changes_no_token_of_an_odd_or_unfinished_text(browser, site):
    browser.open(f"{site}/sparql")
    field(browser)

    for text in ODD_TEXTS:
        browser.run(
            "document.getElementById('query-form').write(arguments[0]);"
            "document.getElementById('format').click()",
            text,
        )
        assert tokens(text_of_query(browser).rstrip()) == tokens(text)


@pytest.mark.parametrize("end", [Keys.ENTER + "}", " }"])
def test_a_closing_brace_that_is_typed_is_the_one_that_was_put_in(browser, site, end):
    browser.open(f"{site}/sparql")
    write(browser, "")

    field(browser).send_keys("ASK {" + Keys.ENTER + "?s ?p ?o" + end + " LIMIT 1")

    lines = text_of_query(browser).split("\n")
    assert [line.strip() for line in lines] in (
        ["ASK {", "?s ?p ?o", "} LIMIT 1"],
        ["ASK {", "?s ?p ?o } LIMIT 1"],
    )


def test_undoing_in_a_tab_does_not_bring_in_the_text_of_another(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, "ASK {}")
    browser.one("[data-tab=new]").click()
    write(browser, STATES)
    browser.every("#tabs [aria-pressed]")[0].click()
    browser.until(lambda: text_of_query(browser) == "ASK {}")

    field(browser).click()
    ActionChains(browser.driver).key_down(Keys.CONTROL).send_keys("z").key_up(
        Keys.CONTROL
    ).perform()

    assert text_of_query(browser) == "ASK {}"


def test_an_optional_pattern_is_not_blamed_for_a_result_without_rows(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, "SELECT * {\n  ?s a ?c FILTER(?s = 1)\n  OPTIONAL { ?s <urn:nothing> ?o }\n}")

    run(browser)

    browser.until(lambda: "together they have none" in browser.text("[data-nothing]"))
    assert browser.every("[data-nothing] code") == []


def test_a_group_of_union_without_matches_is_named_as_such(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, "SELECT * { { ?s <urn:none> ?o } UNION { ?s a ?o } FILTER(?o = 1) }")

    run(browser)

    browser.until(lambda: "In a group of UNION" in browser.text("[data-nothing]"))
    assert [each.text for each in browser.every("[data-nothing] code")] == ["?s <urn:none> ?o"]


ODD = """PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
SELECT * { VALUES (?number ?name) { (0.0000012 "a") (1.23456789 "b") (1e-7 "c") (1234567 "d") } }"""


def test_no_digit_of_a_number_is_lost_in_table_or_chart(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, ODD)
    run(browser)

    browser.until(lambda: "4 rows" in browser.text("#status"))
    numbers = [each.text for each in browser.every("#results td.number")]
    browser.one("[data-view=chart]").click()
    browser.until(lambda: browser.every("#results svg.chart"))
    values = [each.text for each in browser.every("#results text.value")]

    assert numbers == ["0.0000012", "1.23456789", "0.0000001", "1,234,567"]
    assert values == ["1.2E-6", "1.23", "1E-7", "1.23M"]


def test_a_date_that_does_not_exist_is_not_drawn(browser, site):
    browser.open(f"{site}/sparql")
    days = '"2004-02-30"^^xsd:date "2004-02-29"^^xsd:date "2004"^^xsd:gYear'
    write(browser, f"{ODD.splitlines()[0]}\nSELECT * {{ VALUES ?day {{ {days} }} }}")
    run(browser)
    browser.until(lambda: "3 rows" in browser.text("#status"))

    browser.one("[data-view=chart]").click()

    browser.until(lambda: "1 of 3 rows" in browser.text("#results"))
    assert len(browser.every("#results svg.chart circle")) == 2


def test_a_graph_says_how_many_links_it_leaves_out(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, "SELECT ?s ?p ?o { ?s ?p ?o FILTER(ISIRI(?o)) } LIMIT 100")
    run(browser)
    browser.until(lambda: "100 rows" in browser.text("#status"))

    browser.one("[data-view=graph]").click()

    browser.until(lambda: "20 more links are not drawn" in browser.text("#results"))
    assert len(browser.every("#results g.link")) == 80
    assert "label" not in {each.text for each in browser.every("#results g.node a")}


def tokens(text):
    return [each.text.upper() for each in lexer.tokens(text) if each.kind != "space"]


def test_lines_are_commented_out_by_a_button(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, "ASK {}")

    press(browser, "comment")

    browser.until(lambda: text_of_query(browser) == "# ASK {}")


def test_several_queries_are_kept_each_in_a_tab(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, f"# States\n{STATES}")
    browser.one("[data-tab=new]").click()
    write(browser, "ASK {}")

    browser.open(f"{site}/")
    browser.open(f"{site}/sparql")

    tabs = browser.until(lambda: browser.every("#tabs [aria-pressed]"))
    assert [each.text for each in tabs] == ["States", "Query 2"]
    browser.until(lambda: text_of_query(browser) == "ASK {}")
    tabs[0].click()
    browser.until(lambda: text_of_query(browser) == f"# States\n{STATES}")
    browser.one("[data-tab=close]").click()
    browser.until(lambda: text_of_query(browser) == "ASK {}")
    assert browser.audit() == []


def test_a_link_opens_beside_what_is_being_written(browser, site):
    browser.open(f"{site}/sparql")
    write(browser, STATES)

    browser.open(f"{site}/sparql?query=ASK%20%7B%7D")

    browser.until(lambda: text_of_query(browser) == "ASK {}")
    assert len(browser.every("#tabs [aria-pressed]")) == 2


def test_the_column_of_a_chart_is_part_of_the_link(browser, site):
    browser.open(f"{site}/sparql")
    write(
        browser,
        "SELECT ?name ?exports ?balance "
        '{ VALUES (?name ?exports ?balance) { ("a" 1 -5) ("b" 2 7) } }',
    )
    run(browser)
    browser.until(lambda: "2 rows" in browser.text("#status"))
    browser.one("[data-view=chart]").click()
    browser.until(lambda: browser.every("#results select[data-column]"))
    browser.one("#results select[data-column] option[value=balance]").click()
    link = browser.until(
        lambda: "column=balance" in browser.driver.current_url and browser.driver.current_url
    )

    browser.driver.get("about:blank")
    browser.open(link)

    browser.until(
        lambda: browser.one("#results select[data-column]").get_attribute("value") == "balance"
    )


def test_terms_of_common_vocabularies_have_labels_in_the_readers_language(browser, site):
    browser.languages("fr")
    browser.open(f"{site}/sparql")

    browser.until(lambda: "propriété d’objet" in browser.text("#results"))


def test_a_long_query_is_answered_without_scripts_too(browser, site):
    browser.without_scripts().open(f"{site}/sparql")
    area = browser.one("#query")
    area.clear()
    area.send_keys(STATES)

    browser.one("button[formmethod=post]").click()

    browser.until(lambda: "18 rows" in browser.text("#status"))
    assert "query=" not in browser.driver.current_url
