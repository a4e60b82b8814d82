import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Data files of public projects, beside the repository; absent outside of the project's own machines. */
export const corpus: string = new URL("../../../shared/corpus", import.meta.url).pathname;

export const hasCorpus: boolean = existsSync(corpus);

/** The files of the corpus that match a pattern below it, sorted by name. */
export function corpusFiles(pattern: string): { name: string; text: string }[] {
  if (!hasCorpus) return [];
  const names = globSync(pattern, { cwd: corpus }).sort();
  return names.map((name) => ({ name, text: readFileSync(join(corpus, name), "utf8") }));
}
