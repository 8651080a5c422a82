// A query in the address, and the queries asked before in this browser.

const KEY = "queries";
const DRAFT = "draft";
const MOST = 50;

/** A fragment that holds a query: compressed, so that the link stays short; no server sees it. */
export async function pack(query, view = "table") {
  const compressed = await through(new TextEncoder().encode(query), new CompressionStream("deflate-raw"));
  const binary = Array.from(compressed, (byte) => String.fromCharCode(byte)).join("");
  return `#z=${btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}${view === "table" ? "" : `&view=${view}`}`;
}

/** The view of the result that a fragment names. */
export function viewOf(fragment) {
  return new URLSearchParams(fragment.slice(1)).get("view") ?? "table";
}

/** Keep the text that is being written. */
export function keepDraft(text) {
  try {
    localStorage.setItem(DRAFT, text);
  } catch {
    // storage is full or switched off: nothing is kept
  }
}

/** The text that was being written when the page was left. */
export function draft() {
  try {
    return localStorage.getItem(DRAFT) || undefined;
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
