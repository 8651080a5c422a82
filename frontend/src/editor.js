// The query editor. The page without it is a form with a text area that works the same way.

import { forEachDiagnostic, setDiagnostics } from "@codemirror/lint";
import { codeField, diagnosticOf } from "./codefield.js";
import { copy } from "./copying.js";
import { ask, labelsOf, QueryProblem, tabulate } from "./endpoint.js";
import { draft, keepDraft, pack, remember, remembered, unpack, viewOf } from "./keeping.js";
import { Results } from "./results.js";

const form = document.getElementById("query-form");
const area = document.getElementById("query");
const status = document.getElementById("status");
const words = JSON.parse(document.getElementById("words").textContent);
const results = new Results(document.getElementById("results"), words, currentQuery, viewOf(location.hash), () =>
  keepAddress(),
);
const stop = document.getElementById("stop");
const share = document.getElementById("share");
const past = document.getElementById("history");

let running;

const view = codeField(document.getElementById("code-field"), {
  text: (await unpack(location.hash)) ?? (new URLSearchParams(location.search).has("query") ? undefined : draft()) ?? area.value,
  label: words.query,
  words,
  onRun: () => run(),
  onChange: () => {
    area.value = currentQuery();
    keepDraft(area.value);
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
  if (query !== undefined && query !== currentQuery()) show(query);
});
showPast();
// The query of a shared link, or of this page's address, has its result shown at once.
if (currentQuery().trim() && (location.hash.length > 1 || form.dataset.run === "true")) run();
// For automated tests: what the field marks as wrong.
form.diagnostics = () => {
  const found = [];
  forEachDiagnostic(view.state, ({ severity, message }, from, to) => found.push({ severity, message, from, to }));
  return found;
};

function currentQuery() {
  return view?.state.doc.toString() ?? area.value;
}

async function keepAddress() {
  history.replaceState(null, "", await pack(currentQuery(), results.chosen));
}

function show(query) {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: query } });
}

async function run() {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  const query = currentQuery();
  stop.disabled = false;
  status.textContent = words.running;
  document.getElementById("results").setAttribute("aria-busy", "true");
  try {
    const answer = await ask(query, { signal: mine.signal });
    const table = tabulate(answer);
    const labels = await labelsOf(irisOf(table), document.documentElement.lang, mine.signal);
    results.show(answer, table, labels);
    status.textContent = summary(table, answer);
    remember({ query, rows: table.rows.length, milliseconds: Math.round(answer.milliseconds) });
    showPast();
    await keepAddress();
  } catch (error) {
    fail(error);
  } finally {
    if (running === mine) stop.disabled = true;
    document.getElementById("results").removeAttribute("aria-busy");
  }
}

function summary({ kind, rows }, { milliseconds, text }) {
  const count = kind === "boolean" ? "" : `${rows.length.toLocaleString()} ${words[kind]}, `;
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
      button.textContent = `${new Date(when).toLocaleString(document.documentElement.lang)} · ${rows} · ${milliseconds} ms`;
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
