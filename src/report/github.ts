import type { Problem, Severity } from "../config/problem.ts";
import { summaryLine, type ValidationReport } from "./validation.ts";

const commands: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", note: "notice" };

/**
 * Workflow commands, which GitHub shows beside the lines of a change:
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function githubReport(): ValidationReport {
  return {
    begin: () => "",
    file: ({ file, problems }) => problems.map((problem) => command(file, problem)).join(""),
    unreadable: (file, message) => command(file, { severity: "error", code: "unreadable", pointer: "", message }),
    end: (summary) => `${summaryLine(summary)}\n`,
  };
}

function command(file: string, { severity, code, message, hint, source }: Problem): string {
  const properties = [
    `file=${escapeProperty(file)}`,
    ...(source === undefined ? [] : [`line=${source.line}`, `col=${source.column}`, `endColumn=${source.endColumn}`]),
    `title=${escapeProperty(code)}`,
  ];
  const text = hint === undefined ? message : `${message}\n${hint}`;
  return `::${commands[severity]} ${properties.join(",")}::${escapeData(text)}\n`;
}

/** As in the toolkit of GitHub's actions: the runner undoes it. */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
