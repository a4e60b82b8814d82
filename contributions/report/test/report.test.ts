import { type ContributionRun, type ContributionTest, runContribution } from "kanod-configure/testing";
import { describe, expect, test } from "vitest";
import { readmeExamples } from "../../../test/support/readme.ts";
import "../kanod/report.ts";

const url = "https://deploy.example.com/reports";
const commands = [
  { argv: ["uname", "-m"], stdout: "x86_64" },
  { argv: ["lsblk"], prefix: true, stdout: '{"blockdevices":[]}' },
];

const runReport = (report: object | undefined, test: Partial<ContributionTest> = {}): Promise<ContributionRun> =>
  runContribution("Report", {
    conf: { name: "node", ...(report === undefined ? {} : { report }) },
    commands,
    ...test,
  } as ContributionTest);

const tries = (run: ContributionRun): number => run.steps.filter(({ kind }) => kind === "fetch").length;
const said = (run: ContributionRun): string[] => run.log.map(({ message }) => message);

test("nothing is sent without the section", async () => {
  expect(await runReport(undefined)).toMatchObject({ state: "done", steps: [] });
});

test("one report is sent at the end of the run", async () => {
  const run = await runReport({ url });
  expect(run.steps).toEqual([{ kind: "fetch", method: "POST", url }]);
  expect(said(run)).toContain("sent: done");
});

describe("a server that does not take it", () => {
  test("is asked again when it is busy, and then takes it", async () => {
    const responses = [
      { url, status: 503, times: 1 },
      { url, failure: "fetch-timeout" as const, times: 1 },
      { url, status: 429, times: 1 },
      { url, status: 201 },
    ];
    const run = await runReport({ url }, { responses });
    expect(tries(run)).toBe(4);
    expect(run.steps.filter(({ kind }) => kind === "sleep")).toEqual(
      [1, 2, 4].map((seconds) => ({ kind: "sleep", seconds })),
    );
    expect(said(run)).toContain("sent: done");
  });

  test.each([
    ["refuses", { status: 403 }, 1, "the server of the report answered with status 403"],
    ["redirects", { status: 302, headers: { location: "https://elsewhere" } }, 1, "answered with status 302"],
    ["is not there", { failure: "fetch-failed" as const }, 7, "cannot fetch https://deploy.example.com/reports"],
    ["fails", { status: 500 }, 7, "answered with status 500"],
  ])("%s: a warning, and the run is good", async (_, answer, count, message) => {
    const run = await runReport({ url, token: "hidden-token" }, { responses: [{ url, ...answer }] });
    expect(run.state).toBe("done");
    expect(tries(run)).toBe(count);
    const warnings = run.log.filter(({ level }) => level === "warn").map((event) => event.message);
    expect(warnings).toEqual([expect.stringContaining(message)]);
    expect(JSON.stringify([run.log, run.steps])).not.toContain("hidden-token");
  });
});

test("the README's example runs", async () => {
  for (const { report } of readmeExamples<{ report: object }>(new URL("../", import.meta.url))) {
    expect(said(await runReport(report))).toContain("sent: done");
  }
});
