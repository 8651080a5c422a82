"""The OpenAPI document: valid, complete for the canned queries, and true of the server."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode, checks

from kg_server import canned

schemathesis.serializer.alias("application/sparql-query", "text/plain")

TRUE = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def document(app):
    return app.test_client().get("/openapi.json").json


@pytest.fixture
def described(app):
    return schemathesis.openapi.from_wsgi("/openapi.json", app)


def test_it_is_openapi_3_1(document):
    OpenAPIV31SpecValidator(document).validate()

    assert document["openapi"].startswith("3.1.")


def test_every_canned_query_is_described_with_its_parameters(document, project):
    for query in canned.load(project.queries).values():
        operation = document["paths"][f"/queries/{query.name}"]["get"]
        named = {each["name"]: each for each in operation["parameters"]}

        assert operation["summary"] == query.title
        for parameter in query.parameters:
            assert named[parameter.name]["required"] == parameter.required
            assert named[parameter.name]["example"]


def test_every_format_of_the_pages_downloads_is_described(document):
    operation = document["paths"]["/queries/trade"]["get"]
    (formats,) = [each for each in operation["parameters"] if each["name"] == "format"]

    assert {"csv", "xlsx", "md", "rows", "labelled", "bibtex", "csl", "svg"} <= {
        *formats["schema"]["enum"]
    }
    assert "image/svg+xml" in operation["responses"]["200"]["content"]


def test_every_example_of_a_canned_query_is_answered(client, document):
    for path, operations in document["paths"].items():
        if path.startswith("/queries/"):
            values = {
                each["name"]: each["example"]
                for each in operations["get"]["parameters"]
                if "example" in each
            }
            response = client.get(path, query_string=values, headers={"Accept": "*/*"})
            assert response.status_code == 200, (path, response.text)


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_request_finds_the_server_out_of_its_description(described, mode):
    operations = [result.ok() for result in described.get_all_operations()]

    tried = [operation.label for operation in operations if _try_out(operation, mode)]

    assert len(tried) > 15


def _try_out(operation, mode):
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=20,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def call(case):
        case.call_and_validate(checks=TRUE)

    try:
        call()
    except Unsatisfiable:  # it takes nothing that could be wrong
        return False
    return True
