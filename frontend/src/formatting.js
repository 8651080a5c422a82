// A layout for SPARQL text: a triple pattern a line, two spaces a group. Only spaces, line ends and
// the case of keywords change.

const NAME = "\\p{L}\\p{M}\\p{N}_";
const TOKEN = new RegExp(
  [
    "(?<comment>#[^\\n\\r]*)",
    '(?<string>"{3}(?:[^"\\\\]|\\\\[^]|"(?!""))*"{3}|\'{3}(?:[^\'\\\\]|\\\\[^]|\'(?!\'\'))*\'{3}|"(?!"")(?:[^"\\\\\\n\\r]|\\\\.)*"|\'(?!\'\')(?:[^\'\\\\\\n\\r]|\\\\.)*\')',
    '(?<unclosed>"{3}[^]*|\'{3}[^]*|["\'][^\\n\\r]*)',
    "(?<iri><[^<>\"{}|^`\\\\\\s]*>)",
    `(?<variable>[?$][${NAME}]+)`,
    `(?<name>(?:[${NAME}][\\p{L}\\p{M}\\p{N}_.-]*)?:(?:[\\p{L}\\p{M}\\p{N}_:%\\\\-]|\\.(?=[\\p{L}\\p{M}\\p{N}_:%\\\\.-]))*)`,
    "(?<number>(?:\\d+\\.?\\d*|\\.\\d+)[eE][+-]?\\d+|\\d*\\.\\d+|\\d+)",
    "(?<word>@?\\p{L}[\\p{L}\\p{N}_-]*)",
    "(?<sign>\\^\\^|&&|\\|\\||!=|<=|>=|[^\\s])",
  ].join("|"),
  "gu",
);
const KEYWORDS = new Set(
  `ASK BASE CONSTRUCT DESCRIBE FROM NAMED PREFIX SELECT DISTINCT REDUCED WHERE GROUP BY HAVING ORDER
  ASC DESC LIMIT OFFSET VALUES UNDEF OPTIONAL GRAPH SERVICE SILENT BIND AS UNION MINUS FILTER EXISTS
  NOT IN COUNT SUM MIN MAX AVG SAMPLE GROUP_CONCAT`.split(/\s+/),
);
const BEGIN_A_LINE = new Set(
  `ASK BASE CONSTRUCT DESCRIBE FROM PREFIX SELECT WHERE GROUP HAVING ORDER LIMIT OFFSET VALUES OPTIONAL
  GRAPH SERVICE BIND MINUS FILTER`.split(/\s+/),
);

/** The tokens of a query, each with the number of line ends and whether there is space before it. */
function tokens(text) {
  const list = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const between = text.slice(end, match.index);
    const [kind] = Object.entries(match.groups).find(([, value]) => value !== undefined);
    list.push({ kind, text: match[0], lines: between.split("\n").length - 1, apart: between !== "" });
    end = match.index + match[0].length;
  }
  return list;
}

/** Whether each "{" of a query has its "}". */
export function isClosed(text) {
  const signs = tokens(text).filter(({ kind }) => kind === "sign");
  return signs.filter((sign) => sign.text === "{").length <= signs.filter((sign) => sign.text === "}").length;
}

/** The query in the usual layout. */
export function formatted(text) {
  const all = tokens(text);
  const lines = [];
  let line = "";
  let depth = 0;
  let parens = 0;
  let inline = 0; // within the braces of VALUES
  let continues = false; // behind ";"
  let values = false;
  let condition = false; // FILTER or BIND, which end with a bracket
  const flush = () => {
    if (line.trim()) lines.push(line.trimEnd());
    line = "";
  };
  const put = (token, word) => {
    if (!line) line = "  ".repeat(Math.max(0, depth + (continues || (inline > 0 && word !== "}") ? 1 : 0))) + word;
    else line += (token.apart || needsSpace(line, word) ? " " : "") + word;
  };
  all.forEach((token, index) => {
    const upper = token.text.toUpperCase();
    const isKeyword = token.kind === "word" && KEYWORDS.has(upper);
    const word = isKeyword ? upper : token.text;
    const before = all[index - 1];
    const next = all[index + 1];
    if (token.lines > 1 && !line && lines.length && lines.at(-1) !== "") lines.push("");
    if (token.kind === "comment") {
      if (token.lines > 0) flush();
      put(token, word);
      flush();
      return;
    }
    if (token.kind === "unclosed") {
      put(token, word);
      flush();
      return;
    }
    if (parens === 0 && inline === 0) {
      const follows = before && ["GROUP", "ORDER"].includes(before.text.toUpperCase());
      const ofFilter = before && ["FILTER", "NOT"].includes(before.text.toUpperCase());
      if (isKeyword && BEGIN_A_LINE.has(upper) && !follows && !ofFilter && !line.endsWith("} ")) flush();
      if (upper === "VALUES") values = true;
      condition = isKeyword && ["FILTER", "BIND"].includes(upper) ? true : condition;
    }
    if (word === "}" && inline === 0 && parens === 0) {
      flush();
      depth -= 1;
      continues = false;
    }
    if (inline > 0 && token.lines > 0) flush();
    if (word === "{" && token.kind === "sign" && values) inline += 1;
    put(token.kind === "sign" && "{}".includes(word) ? { ...token, apart: true } : token, word);
    if (token.kind !== "sign") return;
    if (word === "(") parens += 1;
    if (word === ")") {
      parens = Math.max(0, parens - 1);
      if (parens === 0 && inline === 0 && condition) {
        condition = false;
        if (next?.text !== ".") keepComment(next, flush);
      }
    }
    if (word === "}" && inline > 0) {
      inline -= 1;
      if (inline === 0) {
        values = false;
        flush();
      }
      return;
    }
    if (parens > 0 || inline > 0) return;
    if (word === "{") {
      condition = false;
      if (next?.text === "}") return;
      keepComment(next, flush);
      depth += 1;
      continues = false;
    } else if (word === "}") {
      if (!["UNION", "."].includes(next?.text.toUpperCase())) keepComment(next, flush);
    } else if (word === "." || word === ";") {
      keepComment(next, flush);
      continues = word === ";";
    }
  });
  flush();
  return `${lines.join("\n")}\n`;
}

/** End the line, unless a comment follows that stood on it. */
function keepComment(next, flush) {
  if (next?.kind !== "comment" || next.lines > 0) flush();
}

/** Whether a token that touches the one before it is put apart. */
function needsSpace(line, word) {
  return /[{};]$/.test(line) || word === "{" || word === "}";
}
