import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { analyze, formatAnalysis } from "../../../src/agent/analysis.ts";
import type { ContributionRecord } from "../../../src/agent/contribution.ts";
import type { JournalState, RunRecord } from "../../../src/agent/journal.ts";
import { main } from "../../../src/cli/main.ts";
import { temporaryFolder, testIo } from "../../support/cli.ts";
import { testImage } from "../../support/image.ts";

const started = "2026-01-01T00:00:00.000Z";
const contribution = (
  name: string,
  duration?: number,
  state: ContributionRecord["state"] = "done",
): ContributionRecord => ({
  name,
  element: "e",
  priority: 1,
  state,
  ...(state === "pending" ? {} : { started }),
  ...(duration === undefined ? {} : { duration }),
});
const run = (given: Partial<RunRecord>, bootId = "one"): RunRecord => ({
  stage: "run",
  state: "done",
  started,
  duration: 10,
  process: { pid: 1, startTime: "1", bootId },
  contributions: [],
  ...given,
});
const journal = (...runs: RunRecord[]): JournalState => ({
  version: 1,
  runs,
  once: [],
  perInstance: { instanceId: "", done: [] },
});

describe("an analysis", () => {
  test("puts the longest first, and says what is left", () => {
    const contributions = [
      contribution("a", 1),
      contribution("b", 7.5),
      contribution("c", 0),
      contribution("d", undefined, "pending"),
    ];
    const { boots } = analyze(journal(run({ contributions })), 0);
    expect(boots[0]?.runs[0]?.contributions.map(({ name, duration }) => [name, duration])).toEqual([
      ["b", 7.5],
      ["a", 1],
      ["c", 0],
    ]);
    expect(boots[0]?.runs[0]?.rest).toBe(1.5);
  });

  test("counts what still runs up to now", () => {
    const running = run({ state: "running", contributions: [contribution("a", undefined, "running")] });
    delete running.duration;
    const [boot] = analyze(journal(running), Date.parse(started) + 3000).boots;
    expect(boot?.runs).toMatchObject([{ duration: 3, rest: 0, contributions: [{ duration: 3, state: "running" }] }]);
  });

  test("counts nothing for a run that was killed", () => {
    const killed = run({ state: "interrupted", contributions: [contribution("a", undefined, "interrupted")] });
    delete killed.duration;
    expect(analyze(journal(killed), Date.now()).boots[0]?.runs).toMatchObject([
      { duration: 0, contributions: [{ duration: 0 }] },
    ]);
  });

  test("is told by boot, the last one first", () => {
    const runs = [run({ stage: "boot" }), run({}), run({ stage: "boot" }, "two")];
    const { boots } = analyze(journal(...runs), 0);
    expect(boots.map(({ bootId, runs: its }) => [bootId, its.map(({ stage }) => stage)])).toEqual([
      ["two", ["boot"]],
      ["one", ["boot", "run"]],
    ]);
  });

  test("is shown with bars", () => {
    const contributions = [contribution("grow", 8), contribution("vault", 1.5, "failed"), contribution("x", 0)];
    expect(formatAnalysis(analyze(journal(run({ state: "failed", contributions })), 0))).toBe(
      [
        "run stage: failed, 10.000 s, started 2026-01-01T00:00:00.000Z",
        `  grow        8.000 s  ${"#".repeat(40)} 80 %`,
        `  vault       1.500 s  ${"#".repeat(8)} 15 %  failed`,
        "  x           0.000 s  # 0 %",
        "  (the rest)  0.500 s  ### 5 %",
        "",
      ].join("\n"),
    );
  });

  test("of a run without contributions and time is shown, too", () => {
    expect(formatAnalysis(analyze(journal(run({ duration: 0 })), 0))).toBe(
      "run stage: done, 0.000 s, started 2026-01-01T00:00:00.000Z\n",
    );
  });
});

describe("kanod-configure analyze", () => {
  const image = testImage({});
  async function analyzeTree(state: unknown, args: readonly string[] = []) {
    const root = temporaryFolder();
    mkdirSync(join(root, "var/lib/kanod-configure"), { recursive: true });
    if (state !== undefined) writeFileSync(join(root, "var/lib/kanod-configure/state.json"), JSON.stringify(state));
    const { io, out, err } = testIo(["kanod-configure", "analyze", "--root", root, ...args]);
    return { exitCode: await main(io, image), out: out(), err: err() };
  }

  test("shows the last boot, or all", async () => {
    const state = journal(run({}), run({}, "two"));
    const { exitCode, out } = await analyzeTree(state);
    expect([exitCode, out.match(/run stage/g)?.length]).toEqual([0, 1]);
    const all = await analyzeTree(state, ["--all"]);
    expect(all.out).toMatch(/^boot two \(the last one\)\nrun stage[\s\S]*\n\nboot one\nrun stage/);
    expect(JSON.parse((await analyzeTree(state, ["--all", "--format", "json"])).out).boots).toHaveLength(2);
  });

  test.each([
    ["no journal", undefined, "no-journal"],
    ["an empty journal", journal(), "no-journal"],
    ["a damaged journal", { version: 2 }, "damaged-journal"],
  ])("%s is exit code 3", async (_, state, code) => {
    const { exitCode, err } = await analyzeTree(state);
    expect(exitCode).toBe(3);
    expect(err).toContain(`[${code}]`);
  });

  test("a root that is none is a usage error", async () => {
    const { io } = testIo(["kanod-configure", "analyze", "--root", "/nowhere"]);
    expect(await main(io, image)).toBe(2);
  });
});
