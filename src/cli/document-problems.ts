import type { CheckedDocument } from "../agent/configuration.ts";
import { secretLines } from "../report/secret-lines.ts";
import { formatProblems } from "../report/text.ts";

/** What is wrong with documents, with the lines that it is about; those that hold secrets are masked. */
export function formatDocuments(documents: readonly CheckedDocument[], color: boolean): string {
  const texts = new Map(documents.map(({ document }) => [document.file, document.text]));
  const maskedLines = new Map(
    documents.map(({ document, compiled }) => [document.file, secretLines(document, compiled.secrets)]),
  );
  const problems = documents.flatMap((checked) => checked.problems);
  return formatProblems(problems, { texts, maskedLines, color });
}
