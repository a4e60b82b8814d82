import { formatProblems } from "./text.ts";
import { summaryLine, type ValidationReport } from "./validation.ts";

/** The report for people: each problem with its line, and how many there are. */
export function textReport(options: { color: boolean }): ValidationReport {
  return {
    begin: () => "",
    file: ({ file, text, problems, maskedLines }) => {
      if (problems.length === 0) return "";
      const shown = formatProblems(problems, {
        texts: new Map([[file, text]]),
        maskedLines: new Map([[file, maskedLines]]),
        color: options.color,
        summary: false,
      });
      return `${shown}\n`;
    },
    // Why it cannot be read is said on standard error.
    unreadable: () => "",
    end: (summary) => {
      const problems = summary.errors + summary.warnings + summary.notes;
      const more = problems === 0 ? "" : "\nkanod-configure explain CODE explains the code in square brackets";
      return `${summaryLine(summary)}${more}\n`;
    },
  };
}
