import { expect, test } from "vitest";
import type { JournalState, RunRecord } from "../../../src/agent/journal.ts";
import { formatStatus, judge } from "../../../src/agent/status.ts";

function run(stage: "boot" | "run", state: RunRecord["state"], given: Partial<RunRecord> = {}): RunRecord {
  const process = { pid: 1, startTime: "1", bootId: "b" };
  return { stage, state, started: "2026-01-01T00:00:00.000Z", process, contributions: [], ...given };
}

const journal = (...runs: RunRecord[]): JournalState => {
  return { version: 1, runs, once: [], perInstance: { instanceId: "", done: [] } };
};

test.each<[string, RunRecord[], boolean, string]>([
  ["nothing ran", [], true, "not-run"],
  ["only the boot stage ran", [run("boot", "done")], true, "not-run"],
  ["the run stage is done", [run("run", "done")], true, "done"],
  ["a contribution stopped the run", [run("boot", "stopped"), run("run", "stopped")], true, "done"],
  ["the run stage failed", [run("boot", "done"), run("run", "failed")], true, "failed"],
  ["the boot stage failed before the run stage", [run("boot", "failed")], true, "failed"],
  ["the boot stage failed, the run stage is done", [run("boot", "failed"), run("run", "done")], true, "failed"],
  ["a failure that a later run mended", [run("run", "failed"), run("run", "done")], true, "done"],
  ["it was interrupted", [run("run", "interrupted")], true, "failed"],
  ["it runs", [run("run", "running")], true, "running"],
  ["it runs again after a failure", [run("boot", "failed"), run("run", "running")], true, "running"],
  ["it was killed", [run("run", "running")], false, "failed"],
])("%s", (_, runs, alive, status) => {
  expect(judge(journal(...runs), () => alive).status).toBe(status);
});

test("no journal is not run", () => {
  expect(judge(undefined, () => true)).toEqual({ version: 1, status: "not-run", boot: null, run: null });
});

test("a killed run is shown as interrupted", () => {
  const started = "2026-01-01T00:00:09.000Z";
  const contributions = [{ name: "C", element: "c", priority: 3, state: "running" as const, started }];
  const killed = journal(run("run", "running", { contributions }));
  const report = judge(killed, () => false);
  expect([report.run?.state, report.run?.contributions[0]?.state]).toEqual(["interrupted", "interrupted"]);
  expect(formatStatus(report)).toContain(
    "run   interrupted: 0 of 1 contributions finished, started 2026-01-01T00:00:00.000Z\n" +
      `      C (element c): interrupted, began ${started}\n`,
  );
  expect(killed.runs[0]?.state).toBe("running");
});

test("the text tells what runs, what failed and why", () => {
  const report = judge(
    journal(
      run("boot", "failed", { error: { code: "invalid-configuration", message: "boot.yaml:1: no" }, duration: 0.1 }),
      run("run", "running", {
        contributions: [
          { name: "A", element: "a", priority: 1, state: "done" },
          { name: "B", element: "b", priority: 2, state: "failed", error: { code: "exception", message: "broken" } },
          { name: "C", element: "c", priority: 3, state: "running", started: "2026-01-01T00:00:09.000Z" },
          { name: "D", element: "d", priority: 4, state: "pending" },
          { name: "S", element: "s", priority: 5, state: "stopped" },
        ],
      }),
    ),
    () => true,
  );
  expect(formatStatus(report)).toBe(`status: running
boot  failed: 0 of 0 contributions finished, in 0.1 s, started 2026-01-01T00:00:00.000Z
      boot.yaml:1: no [invalid-configuration]
run   running: 1 of 5 contributions finished, since 2026-01-01T00:00:00.000Z
      B (element b): broken [exception]
      C (element c): running since 2026-01-01T00:00:09.000Z
      S (element s): stopped the run
`);
  expect(formatStatus(judge(undefined, () => true))).toBe("status: not-run\nboot  not run\nrun   not run\n");
});
