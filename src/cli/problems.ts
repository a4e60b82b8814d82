import { resolve } from "node:path";
import type { Problem } from "../config/problem.ts";
import type { CliIo } from "./io.ts";
import { outsideHost } from "./tree.ts";

/**
 * Shows problems of files of this machine, with the lines that they are about, on standard error.
 *
 * @param maskedLines numbers of lines that are not shown, by file
 */
export async function showProblems(
  io: CliIo,
  problems: readonly Problem[],
  maskedLines: ReadonlyMap<string, ReadonlySet<number>> = new Map(),
): Promise<void> {
  if (problems.length === 0) return;
  const { formatProblems } = await import("../report/text.ts");
  const host = outsideHost(io);
  const texts = new Map<string, string>();
  for (const file of new Set(problems.flatMap(({ source }) => source?.file ?? []))) {
    const text = await host.readFile(resolve(io.workingDirectory, file)).catch(() => undefined);
    if (text !== undefined) texts.set(file, text);
  }
  io.err(formatProblems(problems, { texts, maskedLines, color: io.color }));
}
