"""What the README says is so."""

from __future__ import annotations

import re
from pathlib import Path

from kg_server import formats, project
from kg_server.formats import Kind
from kg_server.sparql.query import Query
from kg_server.store import open_store

ROOT = Path(__file__).resolve().parents[2]


def test_the_question_of_the_readme_has_the_answer_that_it_prints():
    text = (ROOT / "README.md").read_text()
    question = re.search(r"--data-urlencode 'query=(.*?)'\n```", text, re.DOTALL)
    printed = re.search(r"```\n(number,date.*?)```", text, re.DOTALL)
    assert question
    assert printed
    csv = formats.named("csv", Kind.BINDINGS)

    answer = open_store(project.load([ROOT])).query(Query(question[1], csv))

    assert answer.read().decode().replace("\r\n", "\n") == printed[1]


def test_every_file_that_the_readme_links_to_is_there():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / "README.md").read_text())

    assert links
    assert not [link for link in links if not (ROOT / link).exists()]
