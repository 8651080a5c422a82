// A result in the editor: as table, raw, chart or graph, and to be saved in every format.

import { ask } from "./endpoint.js";
import { canPlot } from "./plottable.js";
import { makeSortable } from "./sorting.js";
import { isNumber, termElement } from "./terms.js";

const SHOWN_ROWS = 1000;
/** Columns whose values name the links between those beside them. */
const PROPERTY = /^(p|pred|predicate|prop|property)$/i;
const EXPORTS = {
  bindings: [["CSV", "text/csv", "csv"], ["TSV", "text/tab-separated-values", "tsv"],
    ["JSON", "application/sparql-results+json", "json"], ["XML", "application/sparql-results+xml", "xml"]],
  graph: [["Turtle", "text/turtle", "ttl"], ["N-Triples", "application/n-triples", "nt"],
    ["RDF/XML", "application/rdf+xml", "rdf"], ["JSON-LD", "application/ld+json", "jsonld"]],
};
EXPORTS.boolean = EXPORTS.bindings.slice(2);

/** Links beyond so many are not drawn: their names would be too small to read. */
const MOST_LINKS = 80;

/** Whether a query has no result because of one of its patterns: it has no match, and is needed. */
export function stopsAll({ matches, optional, union }) {
  return matches === 0 && !optional && !union;
}

export class Results {
  constructor(place, words, currentQuery, { view, column }, onView) {
    this.place = place;
    this.words = words;
    this.currentQuery = currentQuery;
    this.chosen = view;
    this.column = column;
    this.onView = onView;
  }

  /** What a link has to name: the view, and the column of its chart. */
  get shown() {
    return { view: this.chosen, column: this.chosen === "chart" ? this.column : undefined };
  }

  /** Take the old result away, while the page keeps its height. */
  clear() {
    this.place.style.minHeight = `${this.place.offsetHeight}px`;
    this.place.replaceChildren();
  }

  /** The page has the height of what it shows. */
  settle() {
    this.place.style.minHeight = "";
  }

  /** Show an answer in the view chosen last, if it has that. */
  show(answer, table, labels) {
    Object.assign(this, { answer, table, labels, query: this.currentQuery() });
    const views = this.views();
    if (!views.includes(this.chosen)) this.chosen = "table";
    this.body = document.createElement("div");
    this.place.replaceChildren(this.bar(views), this.body);
    return this.draw();
  }

  showProblem({ title, detail, line, column, type }) {
    const box = document.createElement("div");
    box.className = "callout bad";
    box.setAttribute("role", "alert");
    const heading = document.createElement("h2");
    heading.textContent = title ?? this.words.failed;
    const text = document.createElement("p");
    text.textContent = detail ?? "";
    box.append(heading, text);
    if (line) box.append(`${this.words.line} ${line}${column ? `, ${this.words.column} ${column}` : ""} `);
    if (type && new URL(type, location.href).pathname.startsWith("/problems/")) {
      const link = document.createElement("a");
      link.href = new URL(type, location.href).pathname;
      link.textContent = this.words.more;
      box.append(link);
    }
    this.place.replaceChildren(box);
  }

  /** Say under an empty result which pattern alone has no match. */
  showNothing({ patterns }) {
    const none = patterns.filter(stopsAll);
    const branches = patterns.filter(({ matches, optional, union }) => matches === 0 && !optional && union);
    const allMatch = patterns.length && patterns.every(({ matches, optional }) => matches || optional);
    const box = document.createElement("div");
    box.className = "callout";
    box.dataset.nothing = "";
    const { noRows, none: alone, branches: inUnion, together, rest } = this.words;
    const without = allMatch ? (patterns.length > 1 ? together : rest) : "";
    box.append(paragraph(`${noRows} ${none.length ? alone : without}`));
    if (none.length) box.append(list(none.map(({ pattern }) => code(pattern))));
    if (branches.length) box.append(paragraph(inUnion), list(branches.map(({ pattern }) => code(pattern))));
    this.place.append(box);
  }

  /** Show how many matches each pattern has by itself, and what is costly. */
  showExplanation({ patterns, costly, evaluated }) {
    const box = document.createElement("div");
    box.className = "callout";
    box.dataset.explanation = "";
    if (patterns.length) {
      const table = document.createElement("table");
      table.createCaption().textContent = this.words.patterns;
      const body = table.createTBody();
      for (const { pattern, matches } of patterns) {
        const row = body.insertRow();
        const count = row.insertCell();
        count.className = "number";
        count.textContent = matches === null ? "?" : matches.toLocaleString(document.documentElement.lang);
        row.insertCell().append(code(pattern));
      }
      box.append(table);
    }
    box.append(paragraph(costly.length ? `${this.words.costly}:` : this.words.nothingCostly));
    if (costly.length) box.append(list(costly));
    if (evaluated) {
      const text = document.createElement("pre");
      text.tabIndex = 0;
      text.dataset.evaluated = "";
      text.textContent = evaluated;
      box.append(paragraph(`${this.words.evaluated}:`), text);
    }
    this.place.replaceChildren(box);
  }

  views() {
    const views = ["table", "raw"];
    if (canPlot(this.table)) views.push("chart");
    if (this.edges().length) views.push("graph");
    return views;
  }

  bar(views) {
    const bar = document.createElement("div");
    bar.className = "row result-bar";
    const choice = document.createElement("div");
    choice.className = "views";
    choice.setAttribute("role", "group");
    choice.setAttribute("aria-label", this.words.view);
    choice.append(...views.map((name) => this.viewButton(name, choice)));
    const exports = EXPORTS[this.table.kind].map((each) => this.exportButton(...each));
    bar.append(choice, ...exports);
    return bar;
  }

  viewButton(name, choice) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = this.words.views[name];
    button.dataset.view = name;
    button.setAttribute("aria-pressed", String(name === this.chosen));
    button.addEventListener("click", () => {
      this.chosen = name;
      this.onView();
      for (const other of choice.children) other.setAttribute("aria-pressed", String(other === button));
      this.draw();
    });
    return button;
  }

  exportButton(name, accept, extension) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = `↓ ${name}`;
    button.addEventListener("click", async () => {
      try {
        const { text } = await ask(this.query, { accept });
        save(text, accept, `${fileName(this.query)}.${extension}`);
      } catch (error) {
        this.showProblem(error.problem ?? { detail: this.words.away });
      }
    });
    return button;
  }

  async draw() {
    if (this.chosen === "raw") this.drawRaw();
    else if (this.chosen === "chart") await this.drawChart();
    else if (this.chosen === "graph") await this.drawGraph();
    else this.drawTable();
  }

  async drawChart() {
    const { plot } = await import("./plotting.js");
    plot(this.body, this.table, this.labels, this.words, this.column, (column) => {
      this.column = column;
      this.onView();
    });
  }

  async drawGraph() {
    const { drawGraph } = await import("./drawing.js");
    const edges = this.edges();
    await drawGraph(this.body, edges.slice(0, MOST_LINKS));
    const more = edges.length - MOST_LINKS;
    const said = this.words.moreLinks.replace("{count}", more.toLocaleString(document.documentElement.lang));
    if (more > 0) this.body.append(paragraph(said));
  }

  drawRaw() {
    const text = document.createElement("pre");
    text.tabIndex = 0;
    text.textContent = this.answer.text;
    this.body.replaceChildren(text);
  }

  drawTable() {
    const { columns, rows } = this.table;
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    for (const name of columns) head.append(headCell(name, rows.every((row) => !row[name] || isNumber(row[name]))));
    const body = table.createTBody();
    for (const row of rows.slice(0, SHOWN_ROWS)) {
      const line = body.insertRow();
      for (const name of columns) fill(line.insertCell(), row[name], this.labels);
    }
    makeSortable(table);
    const scroll = document.createElement("div");
    scroll.className = "scroll";
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", this.words.views.table);
    scroll.append(table);
    this.body.replaceChildren(scroll);
    if (rows.length > SHOWN_ROWS) this.body.append(this.words.cut.replace("{shown}", SHOWN_ROWS));
  }

  /** Links between things, each once: of triples, or of the first two columns of things. */
  edges() {
    const { columns, rows } = this.table;
    const by = columns.find((name) => PROPERTY.test(name));
    const [from, to] = columns.filter((name) => name !== by && rows.some((row) => row[name]?.type === "uri"));
    if (!from || !to) return [];
    const links = new Map();
    for (const row of rows) {
      if (row[from]?.type !== "uri" || row[to]?.type !== "uri") continue;
      const link = { source: row[from].value, property: row[by]?.value ?? "", target: row[to].value };
      links.set(Object.values(link).join(" "), link);
    }
    return [...links.values()];
  }
}

function save(text, type, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** The name of a file: the first comment of the query, and the day. */
function fileName(query) {
  const title = /^\s*#\+?\s*(?:title:)?\s*(.+)$/m.exec(query)?.[1] ?? "result";
  const words = title.toLowerCase().replace(/[^\p{L}\p{M}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
  return `${words.slice(0, 40) || "result"}-${new Date().toISOString().slice(0, 10)}`;
}

function paragraph(text) {
  const element = document.createElement("p");
  element.textContent = text;
  return element;
}

function code(text) {
  const element = document.createElement("code");
  element.textContent = text;
  return element;
}

function list(parts) {
  const element = document.createElement("ul");
  for (const part of parts) {
    const item = document.createElement("li");
    item.append(part);
    element.append(item);
  }
  return element;
}

function headCell(name, isOfNumbers) {
  const cell = document.createElement("th");
  if (isOfNumbers) cell.className = "number";
  cell.scope = "col";
  cell.textContent = name;
  return cell;
}

function fill(cell, term, labels) {
  if (isNumber(term)) {
    cell.className = "number";
    cell.dataset.sort = term.value;
  }
  cell.append(termElement(term, labels));
}
