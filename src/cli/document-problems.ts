import type { CheckedDocument } from "../agent/configuration.ts";
import { secretLines } from "../report/secret-lines.ts";
import { formatProblems } from "../report/text.ts";

/** The problems of documents with their lines. Lines that hold secrets of any of the documents are masked. */
export function formatDocuments(documents: readonly CheckedDocument[], color: boolean): string {
  const texts = new Map(documents.map(({ document }) => [document.file, document.text]));
  const maskedLines = new Map<string, Set<number>>();
  for (const { document, compiled } of documents) {
    const masked = maskedLines.get(document.file) ?? new Set();
    for (const line of secretLines(document, compiled.secrets)) masked.add(line);
    maskedLines.set(document.file, masked);
  }
  const problems = documents.flatMap((checked) => checked.problems);
  return formatProblems(problems, { texts, maskedLines, color });
}
