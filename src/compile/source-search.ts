import type { SourceRange } from "../config/problem.ts";
import { readText } from "./workspace.ts";

/**
 * Where one of the texts first stands as a string in a source file, so that a finding of a tool that gives no position
 * has one. Undefined where none does.
 *
 * @param path of the file
 * @param shown its name in the range
 */
export async function findString(
  texts: readonly string[],
  path: string,
  shown: string,
): Promise<SourceRange | undefined> {
  const lines = ((await readText(path)) ?? "").split("\n");
  for (const text of texts) {
    for (const [index, line] of lines.entries()) {
      const at = ['"', "'", "`"].map((quote) => line.indexOf(quote + text + quote)).find((each) => each >= 0);
      if (at === undefined) continue;
      const column = [...line.slice(0, at)].length + 1;
      return { file: shown, line: index + 1, column, endColumn: column + [...text].length + 2 };
    }
  }
  return undefined;
}
