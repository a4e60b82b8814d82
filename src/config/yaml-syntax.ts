import { type Document, type ErrorCode, isNode, visit, type YAMLError } from "yaml";
import type { Code } from "./codes/catalogue.ts";
import type { Problem } from "./problem.ts";
import type { SourceText } from "./source-text.ts";

/** Plain messages and hints for error codes of the yaml package. */
const explanations: Partial<Record<ErrorCode, Explanation>> = {
  TAB_AS_INDENT: { message: "a tab cannot indent a line", hint: "indent with spaces" },
  NON_STRING_KEY: { code: "key-not-scalar", message: "a key must be a string, not a mapping, a list or an alias" },
  TAG_RESOLVE_FAILED: {
    code: "unknown-tag",
    message: "this tag is not known",
    hint: "remove it: `!!str`, `!!int`, `!!float`, `!!bool`, `!!null`, `!!map` and `!!seq` are known",
  },
  BAD_COLLECTION_TYPE: { code: "unknown-tag", message: "this tag does not fit the value", hint: "remove it" },
  BLOCK_AS_IMPLICIT_KEY: {
    message: "a mapping or list cannot begin in the middle of this line",
    hint: "a value that holds `: ` needs quotes; a nested mapping begins on a line of its own, indented",
  },
  MULTILINE_IMPLICIT_KEY: {
    message: "a key must be on one line and be followed by `: `",
    hint: "is a `:` missing, or the space after it, or is the line not indented enough?",
  },
  BAD_DQ_ESCAPE: {
    message: "this `\\` does not begin a valid escape",
    hint: "write `\\\\` for a backslash, or use single quotes",
  },
};

/** The errors of the yaml package as problems. The text is not quoted: it may be a secret. */
export function syntaxProblems(source: SourceText, document: Document.Parsed): Problem[] {
  const openings = new Openings(document, source.text);
  return [...document.errors, ...document.warnings].map((error) => {
    const start = openings.of(error);
    const told = start === undefined ? explain(error) : { message: `the \`${source.text[start]}\` here is not closed` };
    const { code = "yaml-syntax", message, hint } = told;
    const range = start === undefined ? source.range(error.pos[0], error.pos[1]) : source.range(start, start + 1);
    return { severity: "error", code, pointer: "", message, ...(hint === undefined ? {} : { hint }), source: range };
  });
}

interface Explanation {
  code?: Code;
  message: string;
  hint?: string;
}

function explain(error: YAMLError): Explanation {
  return explanations[error.code] ?? { message: withoutQuotation(error.message) };
}

/** How the package reports an unclosed quote or bracket, by the opening character. */
const unclosed: readonly (readonly [string, RegExp])[] = [
  ['"', /^Missing closing "/],
  ["'", /^Missing closing '/],
  ["{", /^Flow map .*must.* end with/],
  ["[", /^Flow sequence .*must.* end with/],
];

/** Finds the opening character: the package reports only where it misses the closing one. */
class Openings {
  readonly #document: Document.Parsed;
  readonly #text: string;
  /** Offsets of opening signs, the innermost last, by the sign and the offset at which its content ends. */
  #starts: Map<string, number[]> | undefined;

  constructor(document: Document.Parsed, text: string) {
    this.#document = document;
    this.#text = text;
  }

  of(error: YAMLError): number | undefined {
    const sign = unclosed.find(([, message]) => message.test(error.message))?.[0];
    if (sign === undefined) return undefined;
    this.#starts ??= this.#find();
    // The faults of what stands within each other come in the order in which it ends.
    return this.#starts.get(`${sign}${error.pos[0]}`)?.pop();
  }

  #find(): Map<string, number[]> {
    const starts = new Map<string, number[]>();
    visit(this.#document, (_, node) => {
      if (!isNode(node) || !node.range) return;
      const [start, end] = node.range;
      const id = `${this.#text[start]}${end}`;
      starts.set(id, [...(starts.get(id) ?? []), start]);
    });
    return starts;
  }
}

/** The package quotes the text behind a colon, and names the directive. */
function withoutQuotation(message: string): string {
  const said = message.replace(/(?<=\S): .*/s, "").replace(/(?<=directive) .*/s, "");
  return said.charAt(0).toLowerCase() + said.slice(1);
}
