// RDF terms of SPARQL results (SPARQL 1.1 Results JSON §3.2.2) for people to read.

const NUMBERS = /#(decimal|double|float|integer|(non)?(positive|negative)Integer|(unsigned)?(int|long|short|byte))$/i;
const DATES = /#(date|dateTime|gYear|gYearMonth)$/;
const PLAIN = /^[+-]?\d{1,18}(\.\d{0,20})?$/;
const LONG = 300;

/** The base IRI of this graph: what is under it is described here. */
export const baseIri = document.documentElement.dataset.base ?? `${location.origin}/`;

/** Whether a term is a number. */
export const isNumber = (term) => term?.type === "literal" && NUMBERS.test(term.datatype ?? "");

/** Whether a term is a date, a month or a year. */
export const isDate = (term) => term?.type === "literal" && DATES.test(term.datatype ?? "");

/** The day on which a date, month or year begins, for scales. */
export function beginning(term) {
  const parts = /^(-?\d{4,})(?:-(\d\d))?(?:-(\d\d))?/.exec(term.value);
  if (!parts) return undefined;
  const month = Number(parts[2] ?? 1) - 1;
  const day = new Date(Date.UTC(2000, month, Number(parts[3] ?? 1)));
  day.setUTCFullYear(Number(parts[1]));
  return day.getUTCMonth() === month ? day : undefined; // no such day, or further than scales go
}

/** The page of an IRI: ours is on this server, another's opens only if it is on the web. */
export function pageOf(iri) {
  if (!iri.startsWith(baseIri)) return /^https?:\/\//i.test(iri) ? iri : undefined;
  const local = iri.slice(baseIri.length);
  if (local.startsWith("id/")) return `/doc/${local.slice(3)}`;
  return /^(def|graph)\//.test(local) ? `/doc/${local}` : `/${local}`;
}

/** Short text of an IRI for which there is no label. */
export function shortIri(iri) {
  return decodeIri(iri.replace(/[/#]$/, "").replace(/^.*[/#](?=.)/, "")) || iri;
}

function decodeIri(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * A term as an element: a link by label, or isolated text with its language and datatype.
 * Only text nodes are made, so nothing in a literal is ever markup.
 */
export function termElement(term, labels = new Map()) {
  if (!term) return document.createTextNode("");
  if (term.type === "uri") return iriElement(term.value, labels);
  const text = document.createElement("bdi");
  if (term["xml:lang"]) text.lang = term["xml:lang"];
  text.textContent = term.type === "bnode" ? `_:${term.value}` : numberText(term) ?? term.value;
  if (term.value.length <= LONG) return text;
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = `${term.value.slice(0, LONG)}…`;
  details.append(summary, text);
  return details;
}

function iriElement(iri, labels) {
  const page = pageOf(iri);
  const element = document.createElement(page ? "a" : "code");
  if (page) element.href = page;
  element.title = iri;
  const label = document.createElement("bdi");
  label.textContent = labels.get(iri) ?? shortIri(iri);
  element.append(label);
  return element;
}

/** A number with its separators and all its digits; with an exponent, it stays as it is. */
function numberText(term) {
  if (!isNumber(term) || !PLAIN.test(term.value)) return undefined;
  return new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 20 }).format(term.value);
}
