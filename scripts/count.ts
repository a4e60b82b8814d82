/**
 * Adds up vitest's JSON reports and prints the plain count as the last line. A skipped test counts as a failure: in CI
 * every part is there.
 */
import { readFileSync } from "node:fs";

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { name: string; assertionResults: { status: string; fullName: string }[] }[];
}

const reports = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, "utf8")) as Report);
const sum = (count: (report: Report) => number): number => reports.reduce((total, report) => total + count(report), 0);
const passed = sum(({ numPassedTests }) => numPassedTests);
const failed = sum(({ numFailedTests }) => numFailedTests);
const skipped = sum(({ numPendingTests, numTodoTests }) => numPendingTests + numTodoTests);
for (const { testResults } of reports) {
  for (const { name, assertionResults } of testResults) {
    for (const { status, fullName } of assertionResults) {
      if (status !== "passed") console.log(`${status}: ${name.replace(process.cwd(), ".")} > ${fullName}`);
    }
  }
}
if (failed > 0 || skipped > 0 || passed === 0) process.exitCode = 1;
console.log(`${passed} passed, ${failed + skipped} failed`);
