/**
 * Fails when fewer than 95 % of the lines of a folder were run by the tests. Arguments: the folders.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** In percent. */
const goal = 95;

type Summary = Record<string, { lines: { total: number; covered: number } }>;
const summary = JSON.parse(readFileSync("coverage/coverage-summary.json", "utf8")) as Summary;
for (const folder of process.argv.slice(2)) {
  const files = Object.entries(summary).filter(([file]) => file.startsWith(`${resolve(folder)}/`));
  const total = files.reduce((sum, [, { lines }]) => sum + lines.total, 0);
  const covered = files.reduce((sum, [, { lines }]) => sum + lines.covered, 0);
  const percent = (100 * covered) / total;
  console.log(`${folder}: ${percent.toFixed(1)} % of ${total} lines`);
  if (!(percent >= goal)) {
    for (const [file, { lines }] of files) {
      if (lines.covered < lines.total) console.log(`  ${file}: ${lines.covered} of ${lines.total}`);
    }
    process.exitCode = 1;
  }
}
