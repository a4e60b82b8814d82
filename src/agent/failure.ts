import { AgentError } from "../config/agent-error.ts";
import { CommandError } from "../host/errors.ts";
import type { Logger } from "../log/logger.ts";
import { shownError } from "./describe-error.ts";
import type { Failure } from "./runner.ts";

/** How a failure is shown: in the log, on the console and by `plan`. */
export interface FailureText {
  message: string;
  /** What it was doing, why it failed and what to do next, one line each. */
  details: string[];
}

/** Where to look after any failure. `code` is one that `explain` knows, or a contribution's own. */
export function nextSteps(code: string): string {
  return row(
    "next",
    `kanod-configure explain ${code}; kanod-configure status; the log is /var/log/kanod-configure.log`,
  );
}

export function failureText(
  failure: Failure,
  context: { program: string; notRun: readonly string[]; log: Pick<Logger, "redact"> },
): FailureText {
  const { contribution, error, operation } = failure;
  const { code, message } = shownError(error, context.log);
  const details = [row("element", `${contribution.element} (${contribution.file}), priority ${contribution.priority}`)];
  if (operation !== undefined) details.push(row("doing", operation));
  details.push(row("error", `${message} [${code}]`));
  if (error instanceof CommandError && error.stderr !== "") {
    details.push(...error.stderr.split("\n").map((line) => row("stderr", line)));
  }
  if (error instanceof AgentError && error.hint !== undefined) details.push(row("hint", error.hint));
  if (context.notRun.length > 0) details.push(row("not run", context.notRun.join(", ")));
  details.push(nextSteps(code));
  return { message: `${context.program}: contribution "${contribution.name}" FAILED`, details };
}

export function row(label: string, text: string): string {
  return `${`${label}:`.padEnd(9)} ${text}`;
}
