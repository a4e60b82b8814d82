import { expect, test } from "vitest";
import {
  Journal,
  type JournalState,
  journalPath,
  lastRun,
  lookAtJournal,
  type RunRecord,
} from "../../../src/agent/journal.ts";
import { storeFolder } from "../../../src/agent/store.ts";
import { type RecordingHost, recordingHost } from "../../../src/host/recording-host.ts";
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

/** Whether each need not run again. */
function settled(journal: Journal, contributions = [once, perInstance, always]): boolean[] {
  return contributions.map((each) => journal.settledReason(each) !== undefined);
}

/** A machine on which `once` and `perInstance` succeeded for instance i-1. */
async function configuredMachine(): Promise<RecordingHost> {
  const host = recordingHost({});
  const journal = await Journal.open(host, memoryLog().log, "i-1");
  expect(settled(journal)).toEqual([false, false, false]);
  for (const each of [once, perInstance, always, once]) await journal.settle(each);
  await journal.begin(newRun());
  return host;
}

const marksPath = `${storeFolder}/@agent.jsonl`;

test("what succeeded is settled as its frequency says, remembered and shown", async () => {
  const host = await configuredMachine();
  expect(await stateOf(host)).toMatchObject({
    once: ["run/once"],
    perInstance: { instanceId: "i-1", done: ["run/per instance"] },
    stores: ["@agent"],
  });
  expect(settled(await Journal.open(host, memoryLog().log, "i-1"))).toEqual([true, true, false]);
  const other = await Journal.open(host, memoryLog().log, "i-2");
  expect(settled(other)).toEqual([true, false, false]);
  await other.settle(perInstance);
  await other.save();
  expect((await stateOf(host)).perInstance).toEqual({ instanceId: "i-2", done: ["run/per instance"] });
  expect(settled(await Journal.open(host, memoryLog().log, "i-1"))).toEqual([true, false, false]);
});

test("an instance-id that cannot be read is not another instance", async () => {
  const host = await configuredMachine();
  const journal = await Journal.open(host, memoryLog().log, undefined);
  expect(settled(journal)).toEqual([true, true, false]);
  await journal.save();
  expect((await stateOf(host)).perInstance).toEqual({ instanceId: "i-1", done: ["run/per instance"] });
  expect(settled(await Journal.open(host, memoryLog().log, "i-1"))).toEqual([true, true, false]);
});

test.each([
  ["a journal that is damaged", { [journalPath]: "{" }],
  ["no journal", { [journalPath]: undefined }],
  ["a store that is damaged", { [marksPath]: "garbage\n" }],
  ["an empty store", { [marksPath]: "" }],
  ["no store", { [marksPath]: undefined }],
])("what was done once stays done with %s", async (_, changes) => {
  const host = await configuredMachine();
  for (const [path, text] of Object.entries(changes)) {
    if (text === undefined) await host.remove(path);
    else await host.writeFile(path, text);
  }
  for (const run of ["first", "second"]) {
    const journal = await Journal.open(host, memoryLog().log, "i-1");
    expect(settled(journal), run).toEqual([true, true, false]);
    await journal.begin(newRun());
  }
});

test.each([
  ["journal and store are damaged", { [journalPath]: "{", [marksPath]: "{" }],
  ["the journal is gone, the store is damaged", { [journalPath]: undefined, [marksPath]: "" }],
  ["the journal of version 0.1 is damaged", { [journalPath]: "{", [marksPath]: undefined }],
])("nothing counts as never done when %s", async (_, changes) => {
  const host = await configuredMachine();
  for (const [path, text] of Object.entries(changes)) {
    if (text === undefined) await host.remove(path);
    else await host.writeFile(path, text);
  }
  for (const instance of ["i-1", undefined, "i-1"]) {
    const { log, events } = memoryLog();
    const journal = await Journal.open(host, log, instance);
    expect(settled(journal)).toEqual([true, true, false]);
    expect(events.at(-1)).toMatchObject({ level: "warn", message: expect.stringContaining(marksPath) });
    await journal.begin(newRun());
  }
  // For another instance it was not done.
  expect(settled(await Journal.open(host, memoryLog().log, "i-2"))).toEqual([true, false, false]);
  for (const name of (await host.list(storeFolder)) ?? []) {
    if (name.includes(".damaged-")) await host.remove(`${storeFolder}/${name}`);
  }
  for (const instance of ["i-1", "i-1"]) {
    const { log, events } = memoryLog();
    expect(settled(await Journal.open(host, log, instance))).toEqual([false, false, false]);
    expect(events).toEqual([]);
  }
});

test("without a journal and a store nothing was done", async () => {
  const { log, events } = memoryLog();
  expect(settled(await Journal.open(recordingHost({}), log, "i-1"))).toEqual([false, false, false]);
  expect(events).toEqual([]);
});

test("the marks that version 0.1 kept in its journal hold", async () => {
  const marks = { once: ["run/once"], perInstance: { instanceId: "i-1", done: ["run/per instance"] } };
  const host = recordingHost({ files: { [journalPath]: JSON.stringify({ version: 1, runs: [], ...marks }) } });
  expect(settled(await Journal.open(host, memoryLog().log, "i-1"))).toEqual([true, true, false]);
  await host.remove(journalPath);
  expect(settled(await Journal.open(host, memoryLog().log, "i-1"))).toEqual([true, true, false]);
});

test("what a newer agent put into the journal is kept", async () => {
  const host = await configuredMachine();
  const newer = { ...(await stateOf(host)), version: 2, more: { of: "it" } };
  await host.writeFile(journalPath, JSON.stringify(newer));
  const { log, events } = memoryLog();
  const journal = await Journal.open(host, log, "i-1");
  expect(settled(journal)).toEqual([true, true, false]);
  await journal.begin(newRun({ stage: "boot" }));
  expect(await stateOf(host)).toMatchObject({ version: 2, more: { of: "it" }, runs: [{}, { stage: "boot" }] });
  expect(events).toEqual([]);
});

test("the stages' contributions of one name are apart", async () => {
  const journal = await Journal.open(recordingHost({}), memoryLog().log, undefined);
  await journal.settle(once);
  expect(settled(journal, [once, { ...once, stage: "boot" }])).toEqual([true, false]);
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
  expect(events[0]).toMatchObject({ level: "warn", message: expect.stringContaining("damaged") });
  expect((await stateOf(host)).runs).toHaveLength(1);
  const [aside] = (await host.list(storeFolder))?.filter((name) => name.includes(".damaged-")) ?? [];
  expect(await host.readFile(`${storeFolder}/${aside}`)).toBe(text);
  const looked = lookAtJournal(recordingHost({ files: { [journalPath]: text } }));
  await expect(looked).rejects.toMatchObject({ code: "damaged-journal", exitCode: 3 });
});

test("without a journal there is none", async () => {
  expect(await lookAtJournal(recordingHost({}))).toBeUndefined();
});

test("a journal that cannot be written is an error when a run begins and when it ends", async () => {
  const host = recordingHost({});
  const journal = await Journal.open(host, memoryLog().log, undefined);
  host.writeFile = () => Promise.reject(new Error("read-only file system"));
  const refused = { code: "journal-not-written", message: expect.stringContaining("read-only file system") };
  await expect(journal.begin(newRun())).rejects.toMatchObject(refused);
  await journal.changed();
  await host.sleep(1);
  await expect(journal.save()).rejects.toMatchObject(refused);
});
