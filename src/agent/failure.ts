import { AgentError } from "../config/agent-error.ts";
import { CommandError } from "../host/errors.ts";
import type { Logger } from "../log/logger.ts";
import { shownError } from "./describe-error.ts";
import type { Failure } from "./runner.ts";

/** The block that tells a person at the console what failed, what it was doing, and what to do next. */
export function formatFailure(
  failure: Failure,
  context: { program: string; notRun: readonly string[]; log: Pick<Logger, "redact"> },
): string {
  const { contribution, error, operation } = failure;
  const lines = [
    `${context.program}: contribution "${contribution.name}" FAILED`,
    row("element", `${contribution.element} (${contribution.file}), priority ${contribution.priority}`),
  ];
  if (operation !== undefined) lines.push(row("doing", operation));
  const { code, message } = shownError(error, context.log);
  lines.push(row("error", `${message} [${code}]`));
  if (error instanceof CommandError && error.stderr !== "") {
    lines.push(...error.stderr.split("\n").map((line) => row("stderr", line)));
  }
  if (error instanceof AgentError && error.hint !== undefined) lines.push(row("hint", error.hint));
  if (context.notRun.length > 0) lines.push(row("not run", context.notRun.join(", ")));
  lines.push(row("next", "kanod-configure status; the log is /var/log/kanod-configure.log"));
  return lines.join("\n");
}

function row(label: string, text: string): string {
  return `  ${`${label}:`.padEnd(9)} ${text}`;
}
