import type { AnyCode, Code } from "./codes/catalogue.ts";

/**
 * Where something stands in a text. Lines and columns count from 1, columns in characters (Unicode code points), and
 * `endColumn` is the column behind the last character on `line`.
 */
export interface SourceRange {
  file: string;
  line: number;
  column: number;
  endColumn: number;
}

/** The gravest first. */
export const severities = ["error", "warning", "note"] as const;
export type Severity = (typeof severities)[number];

/** What a check found in a configuration. {@link Problem} is the same with its position in the user's file. */
export interface Finding {
  severity: Severity;
  code: AnyCode;
  /** JSON pointer (RFC 6901) into the data that was checked. */
  pointer: string;
  /** The finding is about the key, not the value. */
  atKey?: boolean;
  message: string;
  hint?: string | undefined;
}

/** Something wrong, or worth knowing, in an input. Problems are collected and shown all at once. */
export interface Problem {
  severity: Severity;
  /** Stable name of the kind of problem, such as `unknown-key`: `kanod-configure explain` knows them, tests assert them. */
  code: Code;
  /** JSON pointer (RFC 6901) of the offending value, or of the offending key for an unknown key. */
  pointer: string;
  /** One sentence. Never holds a value that the schema marks `x-kanod-secret`. */
  message: string;
  /** What to do about it, where there is something to say: "did you mean …". */
  hint?: string;
  source?: SourceRange;
}

/** Builds a JSON pointer (RFC 6901) from its unescaped parts. */
export function jsonPointer(parts: readonly (string | number)[]): string {
  return parts.map((part) => `/${escapePointerPart(String(part))}`).join("");
}

/** The unescaped parts of a JSON pointer (RFC 6901). */
export function pointerParts(pointer: string): string[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === "error");
}

/** One part of a JSON pointer (RFC 6901), escaped. */
export function escapePointerPart(part: string): string {
  // Nearly no key has them, and there are many keys.
  if (!part.includes("~") && !part.includes("/")) return part;
  return part.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** What was found more than once, such as by a check of each of several parts, once. */
export function withoutRepetitions(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/** In the order in which a reader meets them: those of a file together, by line, column and code, without a position first. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const files = [...new Set(problems.map(({ source }) => source?.file))];
  const order = new Map(files.map((file, index) => [file, file === undefined ? -1 : index]));
  const byPlace = (a: Problem, b: Problem): number =>
    (order.get(a.source?.file) ?? 0) - (order.get(b.source?.file) ?? 0) ||
    (a.source?.line ?? 0) - (b.source?.line ?? 0) ||
    (a.source?.column ?? 0) - (b.source?.column ?? 0) ||
    (a.code < b.code ? -1 : Number(a.code > b.code));
  return [...problems].sort(byPlace);
}
