// The neighbourhood of a thing, to be walked: click a node to bring its neighbours in, or its
// label to open its page. The page's drawing from the server stays where this cannot run.

import { ask } from "./endpoint.js";
import { drawGraph } from "./drawing.js";

const HIDDEN = ["statedIn", "passageOf", "involves"];

/** Statements around a thing, apart from the evidence about them. */
function neighbourhoodQuery(iri) {
  const dip = `${document.documentElement.dataset.base}ns/diplomacy#`;
  return `PREFIX dip: <${dip}>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
SELECT DISTINCT ?s ?p ?o WHERE {
  { VALUES ?s { <${iri}> } ?s ?p ?o } UNION { VALUES ?o { <${iri}> } ?s ?p ?o }
  FILTER(isIRI(?s) && isIRI(?o) && STRSTARTS(STR(?p), STR(dip:)))
  FILTER(STRSTARTS(STR(?s), "${document.documentElement.dataset.base}id/"))
  FILTER(STRSTARTS(STR(?o), "${document.documentElement.dataset.base}id/"))
  FILTER(?p NOT IN (${HIDDEN.map((name) => `dip:${name}`).join(", ")}))
} LIMIT 40`;
}

async function links(iri) {
  const { text } = await ask(neighbourhoodQuery(iri), { accept: "application/sparql-results+json" });
  return JSON.parse(text).results.bindings.map(({ s, p, o }) => ({
    source: s.value,
    property: p.value,
    target: o.value,
  }));
}

for (const place of document.querySelectorAll("[data-graph]")) {
  const start = place.dataset.graph;
  try {
    const first = await links(start);
    if (first.length) await drawGraph(place, first, { start, expand: links });
  } catch {
    // the server's drawing stays
  }
}
