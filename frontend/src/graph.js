// The neighbourhood of a thing, to be walked: click a node to bring its neighbours in, or its
// label to open its page. The page's drawing from the server stays where this cannot run.

import { ask } from "./endpoint.js";
import { drawGraph } from "./drawing.js";

/** Statements that link a thing to others that the graph describes, but for hidden properties. */
function neighbourhoodQuery(iri, hidden) {
  return `SELECT DISTINCT ?s ?p ?o WHERE {
  { VALUES ?s { <${iri}> } ?s ?p ?o FILTER(isIRI(?o)) FILTER EXISTS { ?o ?q ?x } }
  UNION { VALUES ?o { <${iri}> } ?s ?p ?o FILTER(isIRI(?s)) }
  FILTER(?s != ?o && ?p NOT IN (${hidden.map((name) => `<${name}>`).join(", ")}))
} LIMIT 40`;
}

async function links(iri, hidden) {
  const query = neighbourhoodQuery(iri, hidden);
  const { text } = await ask(query, { accept: "application/sparql-results+json" });
  return JSON.parse(text).results.bindings.map(({ s, p, o }) => ({
    source: s.value,
    property: p.value,
    target: o.value,
  }));
}

for (const place of document.querySelectorAll("[data-graph]")) {
  const start = place.dataset.graph;
  const hidden = place.dataset.hidden.split(" ");
  try {
    const first = await links(start, hidden);
    if (first.length) await drawGraph(place, first, { start, expand: (iri) => links(iri, hidden) });
  } catch {
    // the server's drawing stays
  }
}
