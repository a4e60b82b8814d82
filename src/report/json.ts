import type { ValidationReport } from "./validation.ts";

/**
 * The report for programs, version 1: `{ "version": 1, "files": [{ "file", "documents": [{ "kind", "pointer", "line" }],
 * "problems": [Problem] }] }`, one file a line. New fields may be added; those that are there do not change.
 */
export function jsonReport(): ValidationReport {
  let separator = "\n";
  const entry = (value: object): string => {
    const text = `${separator}${JSON.stringify(value)}`;
    separator = ",\n";
    return text;
  };
  return {
    begin: () => '{ "version": 1, "files": [',
    file: ({ file, documents, problems }) => entry({ file, documents, problems }),
    unreadable: (file, message) => {
      const problem = { severity: "error", code: "unreadable", pointer: "", message };
      return entry({ file, documents: [], problems: [problem] });
    },
    end: () => "\n] }\n",
  };
}
