import fc from "fast-check";
import { expect, test } from "vitest";
import { Stores, type StoresOptions, storeFolder, storePath } from "../../../src/agent/store.ts";
import { recordingHost } from "../../../src/host/recording-host.ts";
import { memoryLog } from "../../support/contributions.ts";

const disks = storePath("disks");

/** The store of element `disks` as the next run finds it. */
function open(host = recordingHost({}), given: Partial<StoresOptions> = {}) {
  const { log, events } = memoryLog();
  const stored: string[] = [];
  const stores = new Stores({ known: [], onStored: (name) => void stored.push(name), ...given });
  return { store: stores.open("disks", host, log), stores, host, log, events, stored };
}

function withText(text: string, given: Partial<StoresOptions> = {}) {
  return open(recordingHost({ files: { [disks]: { content: text, mode: 0o600 } } }), given);
}

test("what one run keeps, the next one finds", async () => {
  const { store, host } = open();
  await store.set("marks", { "vg/root": [1, null, { deep: "é\n" }] });
  await store.set("gone", 1);
  await store.delete("gone");
  await store.owe("grow:vg/root", { size: 3 });
  await store.owe("other");
  await store.settle("other");
  const next = open(host).store;
  expect(await next.get("marks")).toEqual({ "vg/root": [1, null, { deep: "é\n" }] });
  expect(await next.get("gone")).toBeUndefined();
  expect(await next.keys()).toEqual(["marks"]);
  expect(await next.owed()).toEqual([{ key: "grow:vg/root", data: { size: 3 } }]);
  expect(await next.owed("grow")).toHaveLength(1);
  expect(await next.owed("gro")).toEqual([]);
  expect(await next.state()).toBe("ok");
});

test("root alone can look inside, and a plan shows nothing of it", async () => {
  const { store, host } = open();
  await store.set("key", "s3cret");
  expect(await host.stat(storeFolder)).toMatchObject({ kind: "directory", mode: 0o700 });
  expect(await host.stat(disks)).toMatchObject({ kind: "file", mode: 0o600 });
  expect(JSON.stringify(host.steps)).not.toContain("s3cret");
});

test("nothing is written where nothing changes", async () => {
  const { store, host, stored } = open();
  await store.delete("a");
  await store.settle("a");
  expect(await store.state()).toBe("new");
  expect([host.steps, stored]).toEqual([[], []]);
  await store.set("a", { b: 1 });
  await store.owe("c", 2);
  const steps = host.steps.length;
  await store.set("a", { b: 1 });
  await store.owe("c", 2);
  expect(host.steps).toHaveLength(steps);
  expect(stored).toContain("disks");
});

test("a store is read once in a run, and each element sees its own", async () => {
  const { store, stores, host, log } = open();
  await store.set("a", 1);
  await host.remove(disks);
  expect(await stores.open("disks", host, log).get("a")).toBe(1);
  expect(await stores.open("network", host, log).get("a")).toBeUndefined();
});

test("what was read is a copy", async () => {
  const { store } = open();
  await store.set("a", { list: [1] });
  (await store.get<{ list: number[] }>("a"))?.list.push(2);
  expect(await store.get("a")).toEqual({ list: [1] });
});

test.each(["..", "a/b", "../../etc/passwd", "@agent/..", "ü"])("the name %s does not leave the folder", (name) => {
  expect(
    storePath(name)
      .slice(storeFolder.length + 1)
      .replace("@agent/..", ""),
  ).not.toContain("/");
});

test.each([
  ["empty", "", []],
  ["no JSON", "\0\0\0\0", []],
  ["cut off within a line", '{"version":1,"lines":2}\n{"key":"a","value":1}\n{"key":"b","va', ["a"]],
  ["cut off between lines", '{"version":1,"lines":2}\n{"key":"a","value":1}\n', ["a"]],
  ["a damaged line", '{"version":1,"lines":2}\n{"key":"a",#value":1}\n{"key":"b","value":2}\n', ["b"]],
  ["a damaged first line", '"version":1,"lines":2}\n{"key":"a","value":1}\n{"key":"b","value":2}\n', ["a", "b"]],
  ["no first line", '{"key":"a","value":1}\n{"key":"b","value":2}\n', ["a", "b"]],
  ["a line of another form", '{"version":1,"lines":1}\n{"kee":"a"}\n', []],
])("of a damaged store what is readable is kept: %s", async (_, text, keys) => {
  const { store, host, events } = withText(text);
  expect(await store.keys()).toEqual(keys);
  expect(await store.state()).toBe("damaged");
  expect(events).toMatchObject([{ level: "warn", message: expect.stringContaining(disks) }]);
  const later = open(host);
  expect(await later.store.keys()).toEqual(keys);
  await expect(later.store.requireIntact("wipe /dev/sdb")).rejects.toMatchObject({
    code: "damaged-state",
    message: expect.stringContaining("wipe /dev/sdb"),
  });
  expect(later.events).toEqual([]);
  const aside = ((await host.list(storeFolder)) ?? []).filter((name) => name.startsWith("disks.jsonl.damaged-"));
  expect(aside).toHaveLength(1);
  expect((await host.stat(`${storeFolder}/${aside[0]}`))?.mode).toBe(0o600);
  await host.remove(`${storeFolder}/${aside[0]}`);
  expect(await open(host).store.state()).toBe("ok");
  await open(host).store.requireIntact("wipe /dev/sdb");
});

test("a store that was removed is damaged; one that never was is new", async () => {
  expect(await open().store.state()).toBe("new");
  const { store, host } = open(recordingHost({}), { known: ["disks"] });
  expect(await store.state()).toBe("damaged");
  expect(await open(host).store.state()).toBe("damaged");
});

test("what a newer agent keeps is kept, and what is understood of it is used", async () => {
  const lines = ['{"key":"a","value":1,"until":5}', '{"owed":"x","data":0,"by":"me"}', '{"lease":"y"}'];
  const { store, host, events } = withText(['{"version":2,"lines":3,"host":"h"}', ...lines, ""].join("\n"));
  expect([await store.get("a"), await store.state()]).toEqual([1, "ok"]);
  await store.set("b", 2);
  await store.set("a", 3);
  const text = ['{"version":2,"host":"h","lines":4}', '{"key":"a","value":3,"until":5}', '{"key":"b","value":2}'];
  expect(await host.readFile(disks)).toBe([...text, lines[1], lines[2], ""].join("\n"));
  expect(events).toEqual([]);
});

test("a file of an earlier version is taken over once, and what is set already stays", async () => {
  const old = "/var/lib/kanod-configure/disks.json";
  const { store, host } = open(recordingHost({ files: { [old]: '{"a":1,"b":2}' } }));
  await store.set("b", 3);
  await store.adopt(old, (text) => JSON.parse(text));
  expect([await store.get("a"), await store.get("b"), await store.state()]).toEqual([1, 3, "ok"]);
  expect(await host.stat(old)).toBeUndefined();
  await store.adopt(old, () => ({ c: 1 }));
  expect(await open(host).store.keys()).toEqual(["b", "a"]);
});

test("a damaged file of an earlier version makes the store damaged", async () => {
  const old = "/var/lib/kanod-configure/disks.json";
  const { store, host, events } = open(recordingHost({ files: { [old]: "{" } }));
  await store.adopt(old, () => undefined);
  expect([await store.state(), await host.stat(old)]).toEqual(["damaged", undefined]);
  expect(events).toHaveLength(1);
  expect(await open(host).store.state()).toBe("damaged");
});

test("whatever a store holds, no text in its place ends a run, and all that is stored is found", async () => {
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), async (values, garbage) => {
      const { store, host } = withText(garbage);
      for (const [key, value] of Object.entries(values)) await store.set(key, value);
      const next = open(host).store;
      for (const [key, value] of Object.entries(values)) {
        expect(JSON.stringify(await next.get(key))).toBe(JSON.stringify(value));
      }
    }),
    { numRuns: 50 },
  );
});
