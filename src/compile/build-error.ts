import { AgentError } from "../config/agent-error.ts";
import { type Problem, sortProblems } from "../config/problem.ts";

/** A build that failed because of its inputs. Everything that was found wrong is in `problems`. */
export class BuildError extends AgentError {
  override readonly name = "BuildError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const errors = problems.filter(({ severity }) => severity === "error").length;
    super("build-failed", `the build failed: ${errors === 1 ? "one error" : `${errors} errors`}`);
    this.problems = sortProblems(problems);
  }
}

/**
 * The codes of the problems that a build finds besides those of schemas, in the order of docs/build-problems.md, which
 * explains them. They are part of the interface: scripts rely on them.
 */
export const buildProblemCodes = [
  // The elements.
  "bad-elements",
  "no-element",
  "duplicate-element",
  "empty-element",
  "unreadable-file",
  "not-utf8",
  "python-contribution",
  "bad-contribution",
  "same-module",
  "duplicate-template",
  "schema-conflict",
  // The code of the contributions.
  "syntax-error",
  "type-error",
  "missing-package",
  "missing-import",
  "native-addon",
  "left-out-file",
  "bundle-failed",
  // What the agent finds when it imports them.
  "no-registration",
  "bad-registration",
  "duplicate-contribution",
  "process-exit",
  "import-failed",
  "import-hangs",
  "check-hangs",
  "agent-does-not-start",
  // What a build needs.
  "not-built",
  "no-runtime",
  "output-taken",
  "file-error",
] as const;

export type BuildProblemCode = (typeof buildProblemCodes)[number];

/** A problem that has no place in a schema. */
export function buildProblem(code: string, message: string, details: Pick<Problem, "hint" | "source"> = {}): Problem {
  return { severity: "error", code, pointer: "", message, ...details };
}

/** The problem of a file as a whole: it is shown at its first line. */
export function fileProblem(file: string, code: string, message: string, hint?: string): Problem {
  const source = { file, line: 1, column: 1, endColumn: 1 };
  return buildProblem(code, message, hint === undefined ? { source } : { hint, source });
}
