// Completion from this graph: its prefixes, classes, properties and things, by name or by label in
// any language. Everything comes in one file, /completion.json; no key stroke asks the server.

const KEYWORDS = `SELECT ASK CONSTRUCT DESCRIBE WHERE FROM NAMED PREFIX BASE DISTINCT REDUCED
OPTIONAL UNION MINUS FILTER BIND VALUES GRAPH EXISTS GROUP ORDER HAVING LIMIT OFFSET ASC DESC COUNT
SUM AVG MIN MAX SAMPLE GROUP_CONCAT LANG LANGMATCHES DATATYPE BOUND REGEX CONTAINS STRSTARTS STRENDS
STR IRI IF COALESCE YEAR MONTH DAY NOW CONCAT LCASE UCASE STRLEN isIRI isLiteral isBlank`
  .split(/\s+/)
  .map((label) => ({ label, type: "keyword" }));

let vocabulary;

/** Load the vocabulary once. */
export function loadVocabulary() {
  vocabulary ??= fetch("/completion.json", { headers: { Accept: "application/json" } })
    .then((response) => (response.ok ? response.json() : { prefixes: {}, own: [], terms: [], classes: {} }))
    .then(({ prefixes, own, terms, classes = {} }) => ({
      prefixes,
      own,
      propertiesOf: new Map(Object.entries(classes).map(([iri, names]) => [nameOf(iri, prefixes), names])),
      terms: terms.map((term) => ({ ...term, name: nameOf(term.iri, prefixes) })),
    }));
  return vocabulary;
}

/** The prefixed name of an IRI, or the IRI in brackets where it has none (SPARQL 1.1 §4.1.1). */
export function nameOf(iri, prefixes) {
  let best = "";
  for (const [prefix, namespace] of Object.entries(prefixes)) {
    const local = iri.startsWith(namespace) ? iri.slice(namespace.length) : undefined;
    if (local !== undefined && namespace.length > (prefixes[best]?.length ?? 0)) {
      if (/^[\p{L}\p{N}_][\p{L}\p{N}_-]*$/u.test(local)) best = prefix;
    }
  }
  return best ? `${best}:${iri.slice(prefixes[best].length)}` : `<${iri}>`;
}

/** The source of completions for CodeMirror. */
export async function complete(context) {
  const word = context.matchBefore(/[?$]?[\p{L}\p{M}\p{N}_:-]*/u);
  if (!word) return null;
  const before = context.state.sliceDoc(Math.max(0, word.from - 80), word.from);
  // After "a " and "; " names are offered unasked.
  if (word.from === word.to && !context.explicit && !/(\s(a|rdf:type)|;) $/.test(before)) return null;
  const { prefixes, terms, propertiesOf } = await loadVocabulary();
  const text = context.state.doc.toString();
  if (/^[?$]/.test(word.text)) return { from: word.from, options: variables(text, word.text) };
  if (/\bPREFIX\s+$/i.test(before)) return { from: word.from, options: prefixOptions(prefixes) };
  return { from: word.from, options: options(word.text, before, terms, prefixes, ofSubject(text, word.from, propertiesOf)), filter: false };
}

function variables(text, typed) {
  const names = new Set(text.match(/[?$][\p{L}\p{N}_]+/gu) ?? []);
  names.delete(typed);
  return [...names].map((label) => ({ label, type: "variable" }));
}

function prefixOptions(prefixes) {
  return Object.entries(prefixes).map(([prefix, namespace]) => ({
    label: `${prefix}:`,
    detail: namespace,
    apply: `${prefix}: <${namespace}>`,
    type: "namespace",
  }));
}

/** The properties that things of the subject's class have, the most used first. */
function ofSubject(text, position, propertiesOf) {
  const statement = /[^.{}]*$/.exec(text.slice(0, position).replace(/<[^>]*>|"[^"\n]*"/g, (part) => part.replace(/[.{}]/g, "_")))[0];
  const subject = /^\s*([?$]\w+)/.exec(statement)?.[1];
  const typed = /(?:^|[\s;])(?:a|rdf:type)\s+(<[^>\s]+>|[\w-]*:[\w-]+)/;
  const elsewhere = subject && new RegExp(`\\${subject}\\s+(?:a|rdf:type)\\s+(<[^>\\s]+>|[\\w-]*:[\\w-]+)`);
  const name = typed.exec(statement)?.[1] ?? (elsewhere && elsewhere.exec(text)?.[1]);
  return propertiesOf.get(name) ?? [];
}

function options(typed, before, terms, prefixes, ownProperties) {
  const wanted = typed.toLowerCase();
  const expected = expectedKind(before);
  const matches = [];
  for (const term of terms) {
    const quality = match(term, wanted);
    if (quality) {
      const place = expected === "property" ? ownProperties.indexOf(term.iri) : -1;
      const boost = quality + (term.kind === expected ? 30 : 0) + (place < 0 ? 0 : 40 - Math.min(place, 30) / 2);
      matches.push({ ...option(term, prefixes), boost });
    }
  }
  for (const keyword of KEYWORDS) {
    if (wanted && keyword.label.toLowerCase().startsWith(wanted)) matches.push({ ...keyword, boost: 12 });
  }
  matches.sort((a, b) => b.boost - a.boost || a.label.localeCompare(b.label));
  return matches.slice(0, 60);
}

/** What belongs here: a class after "a", a property after a subject, else a thing. */
function expectedKind(before) {
  if (/(\ba|rdf:type)\s+$/.test(before)) return "class";
  if (/(^|[.;{}])\s*([?$]\w+|[\w-]*:[\w-]*|<[^>]*>)\s+([^\s]+[/|^])?$/.test(before) || /;\s*$/.test(before)) {
    return "property";
  }
  return "thing";
}

/**
 * 0: no match; from 1 by the middle of a label, from 10 by its beginning, from 20 by the name. The
 * more of it is typed already, the better: "Louvre" before "Louvre Abu Dhabi".
 */
function match(term, wanted) {
  if (!wanted) return 1;
  const name = term.name.toLowerCase();
  const share = (text) => (5 * wanted.length) / text.length;
  if (name.startsWith(wanted)) return 20 + share(name);
  const local = name.slice(name.indexOf(":") + 1);
  if (!wanted.includes(":") && local.startsWith(wanted)) return 15 + share(local);
  const labels = Object.values(term.labels).map((label) => label.toLowerCase());
  const begun = labels.filter((label) => label.startsWith(wanted));
  if (begun.length) return 10 + Math.max(...begun.map(share));
  return labels.some((label) => label.includes(wanted)) ? 1 : 0;
}

function option(term, prefixes) {
  const language = document.documentElement.lang;
  return {
    label: term.name,
    detail: term.labels[language] ?? term.labels.en ?? Object.values(term.labels)[0] ?? "",
    info: term.definition || undefined,
    type: term.kind === "thing" ? "constant" : term.kind,
    apply: (view, _, from, to) => insert(view, term.name, from, to, prefixes),
  };
}

/** Insert a name, and the declaration of its prefix where the query has none. */
function insert(view, name, from, to, prefixes) {
  const changes = [{ from, to, insert: name }];
  const prefix = name.startsWith("<") ? "" : name.slice(0, name.indexOf(":"));
  const declared = new RegExp(`\\bPREFIX\\s+${prefix}:`, "i").test(view.state.doc.toString());
  const line = prefix && !declared ? `PREFIX ${prefix}: <${prefixes[prefix]}>\n` : "";
  if (line) changes.unshift({ from: 0, insert: line });
  view.dispatch({ changes, selection: { anchor: from + line.length + name.length } });
}

/** The term of a name at a place in the text, for its explanation. */
export async function explain(name) {
  const { terms } = await loadVocabulary();
  return terms.find((term) => term.name === name || term.name === `<${name}>`);
}

/** Names of this graph's own vocabularies in a text that it does not have, with the nearest one. */
export async function unknownNames(text) {
  const { terms, own } = await loadVocabulary();
  const names = new Set(terms.map((term) => term.name));
  const unknown = [];
  const bare = text.replace(/#[^\n<>]*(?=\n|$)|"(?:[^"\\\n]|\\.)*"|<[^>\s]*>/g, (part) => " ".repeat(part.length));
  for (const { 0: name, 1: prefix, index } of bare.matchAll(/\b(\w+):[\w-]+/g)) {
    if (own.includes(prefix) && names.size && !names.has(name)) {
      const candidates = [...names].filter((each) => each.startsWith(`${prefix}:`));
      unknown.push({ name, index, nearest: nearest(name, candidates) });
    }
  }
  return unknown;
}

function nearest(name, candidates) {
  const scored = candidates.map((each) => [distance(name.toLowerCase(), each.toLowerCase()), each]);
  const [best] = scored.sort(([a], [b]) => a - b);
  return best && best[0] <= Math.max(2, name.length / 3) ? best[1] : undefined;
}

/** Levenshtein distance. */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] !== b[j - 1]));
    }
    row = next;
  }
  return row[b.length];
}
