// The SPARQL 1.1 Protocol as this page's server speaks it, and nothing beyond it.

const BINDINGS = "application/sparql-results+json";
const TRIPLES = "application/n-triples";
/** Problems are told in the language of the page. */
const IN_LANGUAGE = { "Accept-Language": document.documentElement.lang };

/** A refused query: the problem document of the server (RFC 9457). */
export class QueryProblem extends Error {
  constructor(problem, status) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
    this.problem = { status, ...problem };
  }
}

/**
 * Ask a query.
 *
 * @returns {Promise<{media: string, text: string, milliseconds: number}>}
 */
export async function ask(query, { signal, accept, parameters = {} } = {}) {
  const started = performance.now();
  const response = await fetch("/sparql", {
    method: "POST",
    headers: { Accept: accept ?? `${BINDINGS}, ${TRIPLES};q=0.9`, ...IN_LANGUAGE },
    body: new URLSearchParams({ query, ...parameters }),
    signal,
  });
  const text = await response.text();
  if (!response.ok) throw new QueryProblem(problemOf(text), response.status);
  const media = (response.headers.get("Content-Type") ?? "").split(";")[0];
  return { media, text, milliseconds: performance.now() - started };
}

/**
 * What is wrong with a query's text, `undefined` if nothing. The query is put to the server over
 * a dataset with nothing in it, so that only its parser has work.
 */
export async function syntaxProblem(query, signal) {
  const nothing = { "default-graph-uri": "urn:x-nothing", "named-graph-uri": "urn:x-nothing" };
  try {
    await ask(query, { signal, parameters: nothing });
  } catch (error) {
    if (error instanceof QueryProblem && error.problem.line) return error.problem;
    if (error.name === "AbortError") throw error;
  }
  return undefined;
}

/** How many matches each pattern of a query has by itself, and what is costly. */
export async function explain(query, signal) {
  const response = await fetch("/sparql/explain", { method: "POST", headers: { Accept: "application/json", ...IN_LANGUAGE }, body: new URLSearchParams({ query }), signal });
  const text = await response.text();
  if (!response.ok) throw new QueryProblem(problemOf(text), response.status);
  return JSON.parse(text);
}

/** Columns and rows of a result, whichever kind it is. */
export function tabulate({ media, text }) {
  if (media === TRIPLES) return triplesTable(text);
  const document = JSON.parse(text);
  if ("boolean" in document) {
    const value = { type: "literal", value: String(document.boolean) };
    return { kind: "boolean", columns: ["answer"], rows: [{ answer: value }] };
  }
  return { kind: "bindings", columns: document.head.vars, rows: document.results.bindings };
}

function triplesTable(text) {
  const rows = [];
  for (const line of text.split("\n")) {
    const parts = TRIPLE.exec(line);
    if (parts) {
      const [subject, predicate, object] = parts.slice(1).map(term);
      rows.push({ subject, predicate, object });
    }
  }
  return { kind: "graph", columns: ["subject", "predicate", "object"], rows };
}

const TRIPLE = /^(<[^>]*>|_:\S+)\s+(<[^>]*>)\s+(.+?)\s*\.\s*$/;
const LITERAL = /^"((?:[^"\\]|\\.)*)"(?:@([\w-]+)|\^\^<([^>]*)>)?$/;

/** A term in N-Triples syntax as in SPARQL results in JSON. */
function term(text) {
  if (text.startsWith("<")) return { type: "uri", value: unescape(text.slice(1, -1)) };
  if (text.startsWith("_:")) return { type: "bnode", value: text.slice(2) };
  const [, value, language, datatype] = LITERAL.exec(text) ?? [null, text];
  const literal = { type: "literal", value: unescape(value) };
  if (language) literal["xml:lang"] = language;
  if (datatype) literal.datatype = datatype;
  return literal;
}

const ESCAPES = { t: "\t", b: "\b", n: "\n", r: "\r", f: "\f" };

function unescape(text) {
  return text.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g, (_, four, eight, one) =>
    one ? (ESCAPES[one] ?? one) : String.fromCodePoint(Number.parseInt(four ?? eight, 16)),
  );
}

function problemOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { title: "The server's answer was not understood", detail: text.slice(0, 500) };
  }
}

/**
 * Labels of IRIs in the reader's language, English or any other, as one query. `known` has labels
 * of terms that most graphs use and do not describe.
 */
export async function labelsOf(iris, language, signal, known = {}) {
  const wanted = [...new Set(iris)].filter((iri) => /^[^\s<>"{}|\\^`]+$/.test(iri)).slice(0, 2000);
  if (!wanted.length) return new Map();
  const { text } = await ask(
    `PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?iri ?label WHERE {
  VALUES ?iri { ${wanted.map((iri) => `<${iri}>`).join(" ")} }
  ?iri rdfs:label|skos:prefLabel ?label
}`,
    { signal, accept: BINDINGS },
  );
  const labels = new Map(Object.entries(known));
  const ranks = new Map(Object.keys(known).map((iri) => [iri, 1]));
  for (const { iri, label } of JSON.parse(text).results.bindings) {
    const rank = [language, "en"].indexOf(label["xml:lang"]);
    const better = rank === -1 ? 9 : rank;
    if (better < (ranks.get(iri.value) ?? 99)) {
      ranks.set(iri.value, better);
      labels.set(iri.value, label.value);
    }
  }
  return labels;
}
