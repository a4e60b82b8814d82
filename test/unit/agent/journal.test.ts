import { expect, test } from "vitest";
import {
  Journal,
  type JournalState,
  journalPath,
  lastRun,
  lookAtJournal,
  type RunRecord,
} from "../../../src/agent/journal.ts";
import { recordingHost } from "../../../src/host/recording-host.ts";
import { contribution, memoryLog } from "../../support/contributions.ts";

const once = contribution("once", () => {}, { options: { frequency: "once" } });
const perInstance = contribution("per instance", () => {}, { options: { frequency: "per-instance" } });
const always = contribution("always", () => {});

function newRun(given: Partial<RunRecord> = {}): RunRecord {
  const process = { pid: 1, startTime: "1", bootId: "b" };
  return { stage: "run", state: "running", started: "2026-01-01T00:00:00.000Z", process, contributions: [], ...given };
}

/** A journal of one run, whatever that is. */
function journalWith(run: object | null): string {
  return JSON.stringify({ version: 1, runs: [run], once: [], perInstance: { instanceId: "", done: [] } });
}

async function stateOf(host: ReturnType<typeof recordingHost>): Promise<JournalState> {
  return JSON.parse((await host.readFile(journalPath)) ?? "") as JournalState;
}

test("a run is on disk as soon as it begins, readable by all", async () => {
  const host = recordingHost({});
  const journal = await Journal.open(host, memoryLog().log, undefined);
  await journal.begin(newRun());
  expect(await stateOf(host)).toMatchObject({ version: 1, runs: [{ stage: "run", state: "running" }] });
  expect((await host.stat(journalPath))?.mode).toBe(0o644);
});

test("what succeeded is settled as its frequency says, and remembered", async () => {
  const host = recordingHost({});
  const first = await Journal.open(host, memoryLog().log, "i-1");
  for (const each of [once, perInstance, always]) {
    expect(first.isSettled(each)).toBe(false);
    first.settle(each);
    first.settle(each);
  }
  await first.save();
  expect(await stateOf(host)).toMatchObject({
    once: ["run/once"],
    perInstance: { instanceId: "i-1", done: ["run/per instance"] },
  });
  const again = await Journal.open(host, memoryLog().log, "i-1");
  expect([once, perInstance, always].map((each) => again.isSettled(each))).toEqual([true, true, false]);
  const other = await Journal.open(host, memoryLog().log, "i-2");
  expect([once, perInstance, always].map((each) => other.isSettled(each))).toEqual([true, false, false]);
});

test("the stages' contributions of one name are apart", async () => {
  const journal = await Journal.open(recordingHost({}), memoryLog().log, undefined);
  journal.settle(once);
  expect(journal.isSettled({ ...once, stage: "boot" })).toBe(false);
});

test("a run that never ended is marked interrupted by the next one", async () => {
  const host = recordingHost({});
  const killed = newRun({
    contributions: [
      { name: "a", element: "e", priority: 1, state: "done" },
      { name: "b", element: "e", priority: 1, state: "running" },
    ],
  });
  await (await Journal.open(host, memoryLog().log, undefined)).begin(killed);
  const journal = await Journal.open(host, memoryLog().log, undefined);
  await journal.begin(newRun({ stage: "boot" }));
  const state = await stateOf(host);
  expect(state.runs[0]).toMatchObject({
    state: "interrupted",
    contributions: [{ state: "done" }, { state: "interrupted" }],
  });
  expect(journal.lastRun("run")).toEqual(state.runs[0]);
  expect(lastRun(state, "boot")?.state).toBe("running");
});

test("only the last runs are kept", async () => {
  const host = recordingHost({});
  const journal = await Journal.open(host, memoryLog().log, undefined);
  for (let second = 0; second < 25; second++) await journal.begin(newRun({ started: String(second) }));
  const { runs } = await stateOf(host);
  expect(runs).toHaveLength(20);
  expect([runs[0]?.started, runs.at(-1)?.started]).toEqual(["5", "24"]);
});

test.each([
  ["not JSON", "{"],
  ["null", "null"],
  ["another version", '{"version": 2}'],
  ["no runs", '{"version":1,"once":[]}'],
  ["no run in its place", journalWith(null)],
  ["a run without contributions", journalWith({ ...newRun(), contributions: undefined })],
  ["a run without its process", journalWith({ ...newRun(), process: undefined })],
  ["a run that never began", journalWith({ ...newRun(), started: undefined })],
  ["a run at no time", journalWith({ ...newRun(), started: "yesterday" })],
  ["a run of no length", journalWith({ ...newRun(), duration: "long" })],
  ["a run that ended before it began", journalWith({ ...newRun(), duration: -1 })],
  ["an error without words", journalWith({ ...newRun(), error: "x" })],
  ["a contribution without a name", journalWith({ ...newRun(), contributions: [{ element: "a", state: "done" }] })],
  ["no contribution in its place", journalWith({ ...newRun(), contributions: [null] })],
])("a damaged journal is said and replaced: %s", async (_, text) => {
  const host = recordingHost({ files: { [journalPath]: text } });
  const { log, events } = memoryLog();
  const journal = await Journal.open(host, log, undefined);
  await journal.begin(newRun());
  expect(events).toMatchObject([{ level: "warn", message: expect.stringContaining("damaged") }]);
  expect((await stateOf(host)).runs).toHaveLength(1);
  const looked = lookAtJournal(recordingHost({ files: { [journalPath]: text } }));
  await expect(looked).rejects.toMatchObject({ code: "damaged-journal", exitCode: 3 });
});

test("without a journal there is none", async () => {
  expect(await lookAtJournal(recordingHost({}))).toBeUndefined();
});

test("a journal that cannot be written is said once, and the run goes on", async () => {
  const host = recordingHost({});
  const { log, events } = memoryLog();
  host.writeFile = () => Promise.reject(new Error("read-only file system"));
  const journal = await Journal.open(host, log, undefined);
  await journal.begin(newRun());
  await journal.save();
  expect(events).toMatchObject([{ level: "warn", message: expect.stringContaining("read-only file system") }]);
});
