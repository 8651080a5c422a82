// The query editor. The page without it is a form with a text area that works the same way.

import { toggleComment } from "@codemirror/commands";
import { forEachDiagnostic, setDiagnostics } from "@codemirror/lint";
import { codeField, diagnosticOf, showHints, showText } from "./codefield.js";
import { copy } from "./copying.js";
import { ask, explain, labelsOf, QueryProblem, tabulate } from "./endpoint.js";
import { formatted } from "./formatting.js";
import { pack, remember, remembered, shownOf, unpack } from "./keeping.js";
import { Results, stopsAll } from "./results.js";
import { Tabs } from "./tabs.js";

const form = document.getElementById("query-form");
const area = document.getElementById("query");
const status = document.getElementById("status");
const words = JSON.parse(document.getElementById("words").textContent);
const results = new Results(document.getElementById("results"), words, currentQuery, shownOf(location.hash), () =>
  keepAddress(),
);
const stop = document.getElementById("stop");
const share = document.getElementById("share");
const past = document.getElementById("history");
const inAddress = new URLSearchParams(location.search).has("query") ? area.value : undefined;

let running;

const shared = await unpack(location.hash);
const tabs = new Tabs(document.getElementById("tabs"), words, shared ?? inAddress, area.value, (text) => {
  showText(view, text);
  running?.abort();
  results.clear();
  view.focus();
});
const view = codeField(document.getElementById("code-field"), {
  text: tabs.text,
  label: words.query,
  words,
  onRun: () => run(),
  onChange: () => {
    area.value = currentQuery();
    tabs.write(area.value);
  },
});
area.value = currentQuery();
area.hidden = true;
document.getElementById("code-field").hidden = false;
document.getElementById("query-label").addEventListener("click", () => view.focus());

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
stop.addEventListener("click", () => running?.abort());
share.addEventListener("click", async () => {
  await keepAddress();
  copy(location.href, share);
});
window.addEventListener("hashchange", async () => {
  const query = await unpack(location.hash);
  if (query === undefined || query === currentQuery()) return;
  tabs.add(query);
  tabs.show(tabs.open);
});
document.getElementById("format").addEventListener("click", () => {
  show(formatted(currentQuery()));
  view.focus();
});
document.getElementById("comment").addEventListener("click", () => {
  toggleComment(view);
  view.focus();
});
document.getElementById("explain").addEventListener("click", () =>
  guarded(async (signal) => {
    results.showExplanation(await explain(currentQuery(), signal));
    status.textContent = "";
  }),
);
showPast();
// The query of a shared link, or of this page's address, has its result shown at once.
if (currentQuery().trim() && (location.hash.length > 1 || form.dataset.run === "true")) run();
// For automated tests: what the field marks as wrong, and a text put in whole.
form.write = show;
form.diagnostics = () => {
  const diagnostics = [];
  forEachDiagnostic(view.state, ({ severity, message }, from, to) => diagnostics.push({ severity, message, from, to }));
  return diagnostics;
};

function currentQuery() {
  return view?.state.doc.toString() ?? area.value;
}

async function keepAddress() {
  history.replaceState(null, "", await pack(currentQuery(), results.shown));
}

function show(query) {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: query } });
}

/** Do one thing at a time: what was running is stopped, its answer is not shown. */
async function guarded(work) {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  stop.disabled = false;
  status.textContent = words.running;
  results.clear();
  results.place.setAttribute("aria-busy", "true");
  try {
    await work(mine.signal);
  } catch (error) {
    if (running === mine) fail(error);
  } finally {
    if (running === mine) {
      stop.disabled = true;
      results.place.removeAttribute("aria-busy");
      results.settle();
    }
  }
}

function run() {
  return guarded(async (signal) => {
    const query = currentQuery();
    const answer = await ask(query, { signal });
    const table = tabulate(answer);
    const labels = await labelsOf(irisOf(table), document.documentElement.lang, signal, words.names);
    results.show(answer, table, labels);
    status.textContent = summary(table, answer);
    remember({ query, rows: table.rows.length, milliseconds: Math.round(answer.milliseconds) });
    showPast();
    await keepAddress();
    if (!table.rows.length) await whyNothing(query, signal);
  });
}

/** Say which pattern alone has no match, below an empty result and at its place. */
async function whyNothing(query, signal) {
  const explanation = await explain(query, signal);
  results.showNothing(explanation);
  const { doc } = view.state;
  const marks = explanation.patterns
    .filter(stopsAll)
    .map(({ pattern }) => placeOf(pattern, doc.toString()))
    .filter(Boolean)
    .map((place) => ({ ...place, severity: "warning", message: words.noMatch }));
  showHints(view, marks);
}

/** Where the predicate and the object of a pattern stand; the subject may be far before them. */
function placeOf(pattern, text) {
  const end = pattern.split(/\s+/).slice(1).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s+");
  const match = new RegExp(end).exec(text);
  return match && { from: match.index, to: match.index + match[0].length };
}

function summary({ kind, rows }, { milliseconds, text }) {
  const named = rows.length === 1 ? { bindings: words.row, graph: words.triple }[kind] : words[kind];
  const count = kind === "boolean" ? "" : `${rows.length.toLocaleString()} ${named}, `;
  const size = new Blob([text]).size.toLocaleString();
  return `${count}${Math.round(milliseconds)} ms, ${size} ${words.bytes}`;
}

function fail(error) {
  if (error.name === "AbortError") {
    status.textContent = words.stopped;
    return;
  }
  const problem = error instanceof QueryProblem ? error.problem : { detail: words.away };
  status.textContent = problem.title ?? words.failed;
  results.showProblem(problem);
  if (problem.line) {
    const diagnostic = diagnosticOf(problem, view.state.doc);
    view.dispatch(setDiagnostics(view.state, [diagnostic]));
    view.dispatch({ selection: { anchor: diagnostic.from }, scrollIntoView: true });
    view.focus();
  }
}

function irisOf({ columns, rows }) {
  const iris = new Set();
  for (const row of rows.slice(0, 1000)) {
    for (const name of columns) if (row[name]?.type === "uri") iris.add(row[name].value);
  }
  return iris;
}

function showPast() {
  const entries = remembered();
  past.replaceChildren(
    ...entries.map(({ query, rows, milliseconds, when }) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `${new Date(when).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" })} · ${rows} · ${milliseconds} ms`;
      button.title = query;
      button.addEventListener("click", () => show(query));
      const code = document.createElement("code");
      code.textContent = query.replace(/^\s*PREFIX[^\n]*\n/gim, "").replace(/\s+/g, " ").slice(0, 120);
      item.append(button, " ", code);
      return item;
    }),
  );
  past.closest("details").hidden = entries.length === 0;
}
