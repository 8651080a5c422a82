// A query in the address, and the queries asked before in this browser.

const KEY = "queries";
const DRAFTS = "drafts";
const MOST = 50;

/**
 * A fragment that holds a query: compressed, so that the link stays short; no server sees it.
 * `shown` has the view of the result and the column of its chart, where they are not the first.
 */
export async function pack(query, shown = {}) {
  const compressed = await through(new TextEncoder().encode(query), new CompressionStream("deflate-raw"));
  const binary = Array.from(compressed, (byte) => String.fromCharCode(byte)).join("");
  const parameters = new URLSearchParams({ z: btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "") });
  if (shown.view && shown.view !== "table") parameters.set("view", shown.view);
  if (shown.column) parameters.set("column", shown.column);
  return `#${parameters}`;
}

/** The view of the result and the column of its chart that a fragment names. */
export function shownOf(fragment) {
  const parameters = new URLSearchParams(fragment.slice(1));
  return { view: parameters.get("view") ?? "table", column: parameters.get("column") ?? undefined };
}

/** Keep the texts that are being written, and which of them is open. */
export function keepDrafts(drafts) {
  try {
    localStorage.setItem(DRAFTS, JSON.stringify(drafts));
  } catch {
    // storage is full or switched off: nothing is kept
  }
}

/** The texts that were being written when the page was left: `{texts, open}`. */
export function keptDrafts() {
  try {
    const { texts, open } = JSON.parse(localStorage.getItem(DRAFTS));
    return texts.every((text) => typeof text === "string") && texts[open] !== undefined ? { texts, open } : undefined;
  } catch {
    return undefined;
  }
}

/** The query in a fragment (`#z=` compressed, `#query=` as it is), `undefined` if there is none. */
export async function unpack(fragment) {
  const parameters = new URLSearchParams(fragment.slice(1));
  if (parameters.has("query")) return parameters.get("query");
  if (!parameters.has("z")) return undefined;
  try {
    const binary = atob(parameters.get("z").replace(/-/g, "+").replace(/_/g, "/"));
    const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
    return new TextDecoder().decode(await through(bytes, new DecompressionStream("deflate-raw")));
  } catch {
    return undefined; // a link that lost its end
  }
}

async function through(bytes, stream) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

/** Keep a query that was answered, newest first, each once. */
export function remember(entry) {
  const others = remembered().filter(({ query }) => query !== entry.query);
  try {
    localStorage.setItem(KEY, JSON.stringify([{ ...entry, when: Date.now() }, ...others].slice(0, MOST)));
  } catch {
    // storage is full or switched off: nothing is kept
  }
}

/** The queries answered before. */
export function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}
