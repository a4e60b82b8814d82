import type { ErrorCode, YAMLError } from "yaml";
import type { Problem } from "./problem.ts";
import type { SourceText } from "./source-text.ts";

/** In plain words what the yaml package only has a code for, and what to do about it. */
const explanations: Partial<Record<ErrorCode, { code?: string; message: string; hint?: string }>> = {
  TAB_AS_INDENT: { message: "a tab cannot indent a line", hint: "indent with spaces" },
  NON_STRING_KEY: { code: "key-not-scalar", message: "a key has to be plain text, not a mapping, a list or an alias" },
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
    message: "a key has to be on one line and be followed by `: `",
    hint: "is a `:` missing, or the space after it, or is the line not indented enough?",
  },
  BAD_DQ_ESCAPE: {
    message: "this `\\` begins no escape that YAML knows",
    hint: "write `\\\\` for a backslash, or use single quotes",
  },
};

/** A fault that the yaml package found, as a problem. Nothing of the text is quoted: it may be a secret. */
export function syntaxProblem(source: SourceText, error: YAMLError): Problem {
  const { code = "yaml-syntax", message = withoutQuotation(error.message), hint } = explanations[error.code] ?? {};
  return {
    severity: "error",
    code,
    pointer: "",
    message,
    ...(hint === undefined ? {} : { hint }),
    source: source.range(error.pos[0], error.pos[1]),
  };
}

/** The package quotes the text behind a colon. */
function withoutQuotation(message: string): string {
  const [said = message] = message.split(/: "|: '|: `/, 1);
  return said.charAt(0).toLowerCase() + said.slice(1);
}
