// The SPARQL text field: CodeMirror 6 in a shadow root, where its styles are constructed style
// sheets, which a Content-Security-Policy without 'unsafe-inline' allows.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { HighlightStyle, bracketMatching, indentOnInput, indentService, syntaxHighlighting } from "@codemirror/language";
import { linter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import {
  EditorView,
  drawSelection,
  highlightActiveLine,
  hoverTooltip,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { sparql } from "codemirror-lang-sparql";
import { complete, explain, unknownNames } from "./completion.js";
import { syntaxProblem } from "./endpoint.js";
import { isClosed } from "./formatting.js";

const undone = new Compartment(); // the history of changes, which is forgotten with another text
const CHECK_AFTER_MS = 400;
const OPTIONS_SHOWN = 9;

const look = EditorView.theme({
  "&": {
    color: "var(--ink)",
    backgroundColor: "var(--card)",
    border: "1px solid var(--strong-line)",
    borderRadius: "var(--radius)",
    fontSize: "0.9rem",
  },
  "&.cm-focused": { outline: "3px solid var(--focus)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55", minHeight: "16rem", maxHeight: "60vh" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--sunk)", color: "var(--quiet)", border: "0" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--accent) 7%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent)",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--card)",
    color: "var(--ink)",
    border: "1px solid var(--strong-line)",
    borderRadius: "var(--radius)",
    maxWidth: "32rem",
  },
  ".cm-tooltip-hover": { padding: "0.4rem 0.6rem" },
  // As many options as fit: the list does not scroll, the choice moves through all of them.
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "none" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    backgroundColor: "var(--accent)",
    color: "var(--on-accent)",
  },
  ".cm-completionDetail": { fontStyle: "normal", fontFamily: "var(--sans)" },
  ".cm-panels": { backgroundColor: "var(--sunk)", color: "var(--ink)" },
  ".cm-diagnostic": { fontFamily: "var(--sans)" },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--series-1)", fontWeight: "600" },
  { tag: tags.variableName, color: "var(--series-3)" },
  { tag: [tags.string, tags.literal], color: "var(--good)" },
  { tag: [tags.number, tags.bool], color: "var(--bad)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.namespace, tags.typeName, tags.propertyName], color: "var(--doubt)" },
]);

/**
 * Put a code field into `place`.
 *
 * @param {HTMLElement} place
 * @param {{text: string, label: string, words: object, onRun: () => void, onChange: () => void}} options
 * @returns {EditorView}
 */
export function codeField(place, { text, label, words, onRun, onChange }) {
  const root = place.attachShadow({ mode: "open" });
  const state = EditorState.create({
    doc: text,
    extensions: [
      Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (onRun(), true) }])),
      lineNumbers(),
      undone.of(history()),
      drawSelection(),
      indentService.of(indentation),
      EditorState.languageData.of(() => [{ commentTokens: { line: "#" }, indentOnInput: /^\s*\}$/ }]),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      EditorView.inputHandler.of(overtype),
      highlightActiveLine(),
      highlightSelectionMatches(),
      autocompletion({ override: [complete], maxRenderedOptions: OPTIONS_SHOWN, icons: false }),
      sparql(),
      syntaxHighlighting(colours),
      linter((view) => check(view, words), { delay: CHECK_AFTER_MS }),
      hoverTooltip(explanation),
      // Tab is not taken: it moves the focus on, as on any page (WCAG 2.1.2).
      keymap.of([
        ...closeBracketsKeymap,
        ...defaultKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...completionKeymap,
        ...lintKeymap,
      ]),
      look,
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
      EditorView.updateListener.of((update) => update.docChanged && onChange()),
    ],
  });
  return new EditorView({ state, parent: root, root });
}

/** A "}" that is typed above the one that was put in with its "{" takes its place. */
function overtype(view, from, to, text) {
  const { doc } = view.state;
  const between = /^\s*\n\s*(?=\})/.exec(doc.sliceString(to))?.[0];
  if (text !== "}" || from !== to || between === undefined || !isClosed(doc.toString())) return false;
  const line = doc.lineAt(from);
  const start = line.text.trim() ? from : line.from;
  const end = to + between.length;
  view.dispatch({ changes: { from: start, to: end }, selection: { anchor: start + 1 }, userEvent: "input.type" });
  return true;
}

/** Put in another text, which has no past: undoing does not bring back the text before it. */
export function showText(view, text) {
  view.dispatch({
    changes: { from: 0, to: view.state.doc.length, insert: text },
    effects: undone.reconfigure([]),
  });
  view.dispatch({ effects: undone.reconfigure(history()) });
}

/** A line stands as far in as the one before it, two more after "{", two less with "}". */
function indentation(context, position) {
  const line = context.lineAt(position, 1);
  if (line.from === 0) return 0;
  const before = context.lineAt(line.from - 1, -1).text;
  const own = /^\s*/.exec(before)[0].length;
  const opened = /\{\s*(#.*)?$/.test(before) ? 2 : 0;
  return Math.max(0, own + opened - (/^\s*\}/.test(line.text) ? 2 : 0));
}

let checking;
let hints = { text: "", marks: [] };

/** Mark places in the text until it changes. */
export function showHints(view, marks) {
  hints = { text: view.state.doc.toString(), marks };
  view.dispatch(setDiagnostics(view.state, marks));
}

async function check(view, words) {
  const text = view.state.doc.toString();
  if (!text.trim()) return [];
  checking?.abort();
  checking = new AbortController();
  let problem;
  try {
    problem = await syntaxProblem(text, checking.signal);
  } catch {
    return []; // a newer check is under way, or the server is away
  }
  if (problem) return [diagnosticOf(problem, view.state.doc)];
  const unknown = (await unknownNames(text)).map(({ name, index, nearest }) => ({
    from: index,
    to: index + name.length,
    severity: "warning",
    message: words.unknownName.replace("{name}", name) + (nearest ? ` ${words.didYouMean} ${nearest}` : ""),
  }));
  return hints.text === text ? [...unknown, ...hints.marks] : unknown;
}

/**
 * A problem document's line and column (from 1) as a place in the text: the word that begins
 * there, or else the one before, where the parser ran out of text to read.
 */
export function diagnosticOf({ line, column, detail }, doc) {
  const at = doc.line(Math.min(Math.max(line, 1), doc.lines));
  // Columns count characters, places in the text UTF-16 units.
  const before = [...at.text].slice(0, Math.max((column ?? 1) - 1, 0)).join("");
  const place = at.from + before.length;
  const after = /^(?:[^\s{}()[\].;,]+|\S)/.exec(doc.sliceString(place, at.to))?.[0];
  if (after) return { from: place, to: place + after.length, severity: "error", message: detail };
  const last = /([^\s{}()[\].;,]+|\S)\s*$/.exec(doc.sliceString(0, place));
  const from = last?.index ?? 0;
  const to = Math.max(from + (last?.[1].length ?? 0), Math.min(from + 1, doc.length));
  return { from, to, severity: "error", message: detail };
}

async function explanation(view, position) {
  const { from, text } = view.state.doc.lineAt(position);
  for (const { 0: name, index } of text.matchAll(/<[^>\s]+>|\w+:[\w-]+/g)) {
    if (position >= from + index && position <= from + index + name.length) {
      const term = await explain(name);
      if (term) return { pos: from + index, end: from + index + name.length, create: () => ({ dom: card(term) }) };
    }
  }
  return null;
}

function card(term) {
  const dom = document.createElement("div");
  const label = document.createElement("strong");
  label.textContent = Object.values(term.labels).join(" · ");
  const text = document.createElement("div");
  text.textContent = term.definition ?? "";
  dom.append(label, text);
  return dom;
}
