import { AgentError } from "../config/agent-error.ts";
import type { Code } from "../config/codes/catalogue.ts";
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

/** A problem that has no place in a schema. */
export function buildProblem(code: Code, message: string, details: Pick<Problem, "hint" | "source"> = {}): Problem {
  return { severity: "error", code, pointer: "", message, ...details };
}

/** The problem of a file as a whole: it is shown at its first line. */
export function fileProblem(file: string, code: Code, message: string, hint?: string): Problem {
  const source = { file, line: 1, column: 1, endColumn: 1 };
  return buildProblem(code, message, hint === undefined ? { source } : { hint, source });
}
