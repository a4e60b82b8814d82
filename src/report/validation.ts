import type { CheckedFile } from "../config/checked-file.ts";

/** How many files were looked at, and what came of it. */
export interface ValidationSummary {
  files: number;
  /** Of them, those that hold nothing of ours. */
  others: number;
  unreadable: number;
  errors: number;
  warnings: number;
  notes: number;
}

/** Writes what a validation finds, file by file: nothing is kept. Each call returns the next piece of output. */
export interface ValidationReport {
  begin(): string;
  file(checked: CheckedFile): string;
  /** A file that could not be read; `message` says why. */
  unreadable(file: string, message: string): string;
  end(summary: ValidationSummary): string;
}

export const reportFormats = ["text", "json", "sarif", "github"] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** The last line for people, such as `3 files checked: 1 error, 2 warnings`. */
export function summaryLine(summary: ValidationSummary): string {
  const { files, others, unreadable, errors, warnings, notes } = summary;
  const counts = [count(errors, "error"), count(warnings, "warning"), count(notes, "note")].filter(
    (each) => each !== "",
  );
  const aside = [
    ...(others === 0 ? [] : [`${others} of other programs`]),
    ...(unreadable === 0 ? [] : [`${unreadable} unreadable`]),
  ];
  const found = counts.length === 0 ? "no problems" : counts.join(", ");
  return `${count(files, "file") || "no files"} checked${aside.length === 0 ? "" : ` (${aside.join(", ")})`}: ${found}`;
}

function count(number: number, noun: string): string {
  return number === 0 ? "" : `${number} ${noun}${number === 1 ? "" : "s"}`;
}
