import { isDate, isNumber } from "./terms.js";

/** Whether every value of a column passes a test, and there is one. */
export function has(rows, name, test) {
  return rows.some((row) => row[name]) && rows.every((row) => !row[name] || test(row[name]));
}

/** Whether something in these columns can be drawn; apart from the drawing, which is loaded late. */
export function canPlot({ columns, rows }) {
  return rows.length > 0 && columns.some((name) => has(rows, name, isNumber) || has(rows, name, isDate));
}
