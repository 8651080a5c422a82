const collator = new Intl.Collator(undefined, { numeric: true });

/** Make the columns of every `table.sortable` sortable by buttons in their heads. */
export function sortableTables(root) {
  for (const table of root.querySelectorAll("table.sortable")) makeSortable(table);
}

/** @param {HTMLTableElement} table with one head row */
export function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const ascending = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sort(table.tBodies[0], column, ascending ? 1 : -1);
    });
  });
}

function sort(body, column, sign) {
  const rows = [...body.rows].map((row) => ({ row, key: key(row.cells[column]) }));
  rows.sort((a, b) => {
    // cells without a value stay at the end in both directions
    if (a.key === "" || b.key === "") return (a.key === "") - (b.key === "");
    return sign * compare(a.key, b.key);
  });
  body.append(...rows.map(({ row }) => row));
}

function key(cell) {
  return cell?.dataset.sort ?? cell?.textContent.trim() ?? "";
}

function compare(a, b) {
  const [x, y] = [Number(a), Number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? collator.compare(a, b) : x - y;
}
