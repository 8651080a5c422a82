// A chart of a result: its kind follows from the types of the columns. Dates make a timeline or
// a line of time, numbers make bars. The table of the same rows is always there too.

import { extent, max } from "d3-array";
import { axisBottom } from "d3-axis";
import { scaleBand, scaleLinear, scaleUtc } from "d3-scale";
import { select } from "d3-selection";
import { has } from "./plottable.js";
import { beginning, isDate, isNumber, shortIri } from "./terms.js";

const BAR = 26;
const TOP = 12;
const BOTTOM = 40;
/** Width of a chart, its margins, and how many letters of a label have room. */
const WIDE = { width: 800, left: 230, right: 64, letters: 34 };
const NARROW = { width: 360, left: 140, right: 60, letters: 20 };
/** The width of a place, in pixels, from which a chart is drawn wide. */
const ROOM = 560;
const MOST_ROWS = 200;
/** The columns of units, as in the charts of pages (`_UNIT` of web/pages/results.py). */
const UNIT = /((^|_)([cC]urrency|[uU]nit)|Currency|Unit)(_?([cC]ode|Symbol|Name|Label))?$/;
/** The classes of marks by standing: doubted ones have a colour of their own, others a filling. */
const LOOKS = { accepted: "series-1", disputed: "series-2", background: "series-1 hollow", unknown: "series-1 faint" };

/**
 * Draw a result into `place`; `chosen` is the column of numbers to draw, else the first is.
 * `onChoice` is told when the reader chooses another.
 */
export function plot(place, { columns, rows }, labels, words, chosen, onChoice) {
  const shown = rows.slice(0, MOST_ROWS);
  const numbers = columns.filter((name) => has(shown, name, isNumber) && !isYear(shown, name));
  const number = numbers.includes(chosen) ? chosen : numbers[0];
  const date = columns.find((name) => has(shown, name, isDate));
  const names = columns.filter((name) => name !== number && name !== date);
  const titled = (some) => (row) =>
    some.map((name) => row[name] && text(row[name], labels)).filter(Boolean).slice(0, 2).join(" · ");
  let title = titled(names);
  place.replaceChildren();
  if (numbers.length > 1) {
    place.append(picker(numbers, number, words.column, (name) => {
      onChoice(name);
      plot(place, { columns, rows }, labels, words, name, onChoice);
    }));
  }
  const long = (row) => [date && row[date]?.value, title(row)].filter(Boolean).join(" · ");
  const drawn = shown.filter((row) => (number ? isFinite(row[number]) : row[date] && beginning(row[date])));
  const source = names.find((name) => /^source(Label)?$/.test(name));
  if (source && new Set(drawn.map(long)).size < drawn.length) title = titled([...new Set([names[0], source])]);
  const stands = drawn.some((row) => standing(row, words.standings));
  const standingOf = (row) => standing(row, words.standings) ?? (stands ? "unknown" : "accepted");
  const look = (row) => LOOKS[standingOf(row)];
  if (!number) timeline(place, drawn, { date, title, look });
  for (const [units, ofUnits] of number ? byUnit(columns, drawn) : []) {
    if (units.length) place.append(paragraph(units.map((unit) => text(unit, labels)).join(", ")));
    bars(place, ofUnits, { number, title: long, label: number, look });
  }
  if (stands) place.append(legend(new Set(drawn.map(standingOf)), words));
  if (drawn.length < shown.length) {
    const said = words.leftOut.replace("{count}", shown.length - drawn.length).replace("{total}", shown.length);
    place.append(paragraph(said));
  }
  if (rows.length > shown.length) place.append(paragraph(words.cut.replace("{shown}", shown.length)));
}

/** Rows by their units or currencies: amounts in different ones share no scale. */
function byUnit(columns, rows) {
  const units = columns.filter((name) => UNIT.test(name));
  const plain = units.filter((name) => !name.endsWith("Label") || !units.includes(name.replace(/Label$/, "")));
  const groups = new Map();
  for (const row of rows) {
    const terms = plain.map((name) => row[name]).filter(Boolean);
    const key = JSON.stringify(plain.map((name) => row[name]?.value));
    if (!groups.has(key)) groups.set(key, [terms, []]);
    groups.get(key)[1].push(row);
  }
  return groups.values();
}

function picker(names, chosen, words, onChoice) {
  const label = document.createElement("label");
  const select = document.createElement("select");
  select.dataset.column = "";
  select.append(...names.map((name) => new Option(name, name, false, name === chosen)));
  select.addEventListener("change", () => onChoice(select.value));
  label.append(`${words}: `, select);
  return label;
}

function paragraph(words) {
  const element = document.createElement("p");
  element.className = "quiet";
  element.textContent = words;
  return element;
}

function isYear(rows, name) {
  return /year/i.test(name) && rows.every((row) => !row[name] || /^\d{4}$/.test(row[name].value));
}

function text(term, labels) {
  return term.type === "uri" ? (labels.get(term.value) ?? shortIri(term.value)) : term.value;
}

function canvas(place, count, label) {
  const height = count * BAR + TOP + BOTTOM;
  const size = place.clientWidth < ROOM ? NARROW : WIDE;
  const svg = select(place)
    .append("svg")
    .attr("class", "chart")
    .attr("viewBox", `0 0 ${size.width} ${height}`)
    .attr("role", "img")
    .attr("aria-label", label);
  return { svg, height, size };
}

function bars(place, drawn, { number, title, label, look }) {
  const { svg, height, size } = canvas(place, drawn.length, label);
  const value = (row) => Number(row[number].value);
  const x = scaleLinear()
    .domain([Math.min(0, ...drawn.map(value)), Math.max(0, max(drawn, value))])
    .nice()
    .range([size.left, size.width - size.right]);
  const y = scaleBand()
    .domain(drawn.map((_, index) => index))
    .range([TOP, height - BOTTOM])
    .padding(0.25);
  axis(svg, axisBottom(x).ticks(size.width / 130).tickFormat(compact), 0, height - BOTTOM);
  const groups = svg.selectAll("g.row").data(drawn).join("g").attr("class", "row");
  groups
    .append("rect")
    .attr("class", look)
    .attr("x", (row) => Math.min(x(0), x(value(row))))
    .attr("y", (_, index) => y(index))
    .attr("width", (row) => Math.abs(x(value(row)) - x(0)))
    .attr("height", y.bandwidth())
    .append("title")
    .text((row) => `${title(row)}: ${row[number].value}`);
  const middle = (index) => y(index) + y.bandwidth() / 2;
  groups
    .append("text")
    .attr("class", "value")
    .attr("x", (row) => Math.max(x(0), x(value(row))) + 6)
    .attr("y", (_, index) => middle(index))
    .attr("dy", "0.35em")
    .text((row) => compact(value(row)));
  rowLabels(groups, middle, title, size);
}

function timeline(place, rows, { date, title, look }) {
  const drawn = rows.toSorted((a, b) => beginning(a[date]) - beginning(b[date]));
  const { svg, height, size } = canvas(place, drawn.length, date);
  const [first, last] = extent(drawn, (row) => beginning(row[date]));
  const x = scaleUtc()
    .domain([first, last > first ? last : new Date(first.getTime() + 864e5)])
    .nice()
    .range([size.left, size.width - size.right]);
  axis(svg, axisBottom(x).ticks(size.width / 130), 0, height - BOTTOM);
  const at = (index) => TOP + (index + 0.5) * BAR;
  const groups = svg.selectAll("g.row").data(drawn).join("g").attr("class", "row");
  groups
    .append("line")
    .attr("class", "grid")
    .attr("x1", size.left)
    .attr("x2", size.width - size.right)
    .attr("y1", (_, index) => at(index))
    .attr("y2", (_, index) => at(index));
  groups
    .append("circle")
    .attr("class", look)
    .attr("r", 6)
    .attr("cx", (row) => x(beginning(row[date])))
    .attr("cy", (_, index) => at(index))
    .append("title")
    .text((row) => row[date].value);
  rowLabels(groups, at, (row) => `${row[date].value} ${title(row)}`, size);
}

/** A number in few characters, in the words of the reader's language. */
function compact(value) {
  const isPlain = !value || (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e15);
  const notation = isPlain ? "compact" : "scientific";
  return value.toLocaleString(document.documentElement.lang, { notation, maximumSignificantDigits: 3 });
}

function axis(svg, drawAxis, left, top) {
  svg.append("g").attr("class", "axis-group").attr("transform", `translate(${left},${top})`).call(drawAxis);
}

function rowLabels(groups, at, title, { left, letters }) {
  groups
    .append("text")
    .attr("x", left - 8)
    .attr("y", (_, index) => at(index))
    .attr("dy", "0.35em")
    .attr("text-anchor", "end")
    .text((row) => shorten(title(row), letters));
}

function shorten(words, letters) {
  return words.length > letters ? `${words.slice(0, letters - 1)}…` : words;
}

/** The weakest standing of a row; undefined where one of them is unknown, or there is none. */
function standing(row, standings) {
  const named = Object.values(row).map((term) => standings[term?.value]);
  if (named.includes("disputed")) return "disputed";
  const stated = Object.entries(row).filter(([name]) => /(^s|S)tanding$/.test(name));
  if (stated.some(([, term]) => !standings[term?.value])) return undefined;
  return ["background", "accepted"].find((each) => named.includes(each));
}

function isFinite(term) {
  return term !== undefined && Number.isFinite(Number(term.value));
}

function legend(standings, words) {
  const list = document.createElement("ul");
  list.className = "legend";
  for (const each of Object.keys(LOOKS).filter((name) => standings.has(name))) {
    const item = document.createElement("li");
    const swatch = select(item).append("svg").attr("class", "chart").attr("viewBox", "0 0 28 18").attr("aria-hidden", "true");
    swatch.append("rect").attr("class", LOOKS[each]).attr("x", 1).attr("y", 1).attr("width", 26).attr("height", 16);
    item.append(words[each]);
    list.append(item);
  }
  return list;
}
