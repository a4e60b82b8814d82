import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { main } from "../../../src/cli/main.ts";
import { temporaryFolder, testIo } from "../../support/cli.ts";
import { testImage } from "../../support/image.ts";

const folder = "var/lib/kanod-configure";
const done = JSON.stringify({
  version: 1,
  runs: [{ stage: "run", state: "done", started: "2999-01-01T00:00:00Z", process: {}, contributions: [] }],
  once: [],
  perInstance: { instanceId: "", done: [] },
});

/** A tree with a journal. */
function treeWith(journal: string): string {
  const root = temporaryFolder();
  mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, folder, "state.json"), journal);
  return root;
}

async function run(root: string, ...args: string[]) {
  const { io, out, err } = testIo(["kanod-configure", ...args, "--root", root]);
  return { exitCode: await main(io, testImage({})), out: out(), err: err() };
}

test.each([
  ["empty", ""],
  ["cut off", done.slice(0, 60)],
  ["of another version", '{"version": 2}'],
])("a journal that is %s is damaged, which is not the same as none", async (_, journal) => {
  const root = treeWith(journal);
  for (const command of ["status", "analyze"]) {
    const { exitCode, err } = await run(root, command);
    expect([exitCode, err.includes("[damaged-journal]")]).toEqual([3, true]);
  }
  expect((await run(root, "status", "--wait", "--timeout", "0.1")).exitCode).toBe(3);
});

test.each([
  ["bad-timeout", ["--wait", "--timeout", "soon"]],
  ["bad-timeout", ["--wait", "--timeout", "-1"]],
  ["timeout-without-wait", ["--timeout", "5"]],
])("%s is a usage error: %j", async (code, args) => {
  const { exitCode, err } = await run(treeWith(done), "status", ...args);
  expect([exitCode, err.includes(`[${code}]`)]).toEqual([2, true]);
});

test("a journal from the future is a journal", async () => {
  const root = treeWith(done);
  expect((await run(root, "status")).exitCode).toBe(0);
  expect((await run(root, "analyze")).out).toContain("run stage: done, 0.000 s");
});

test("who waits sees a damaged journal replaced", async () => {
  const root = treeWith("{");
  const waiting = run(root, "status", "--wait", "--timeout", "60");
  await new Promise((resolve) => setTimeout(resolve, 100));
  writeFileSync(join(root, "new"), done);
  renameSync(join(root, "new"), join(root, folder, "state.json"));
  expect(await waiting).toMatchObject({ exitCode: 0, err: "" });
});

test("a run whose process is gone was interrupted, also to analyze", async () => {
  const contribution = { name: "A", element: "a", state: "running", started: "2020-01-01T00:00:00Z" };
  const killed = JSON.parse(done) as { runs: object[] };
  killed.runs = [{ ...killed.runs[0], state: "running", contributions: [contribution] }];
  const root = treeWith(JSON.stringify(killed));
  expect((await run(root, "status")).out).toContain("run   interrupted");
  expect((await run(root, "analyze")).out).toMatch(/^run stage: interrupted, 0\.000 s/);
});
