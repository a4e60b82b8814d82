import { readFileSync } from "node:fs";
import Ajv from "ajv";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { RunResult } from "../../../src/agent/contribution.ts";
import { createHost } from "../../../src/host/create-host.ts";
import { recordingHost } from "../../../src/host/recording-host.ts";
import { keptLog, temporaryFolder } from "../../../test/support/host.ts";
import { readInventory } from "../kanod/report/inventory.ts";
import { readHashes, runReport } from "../kanod/report/report.ts";

const schemaFile = new URL("../report.schema.yaml", import.meta.url);
const ajv = addFormats.default(new Ajv.default({ strict: false }));
const isValid = ajv.compile(parse(readFileSync(schemaFile, "utf8")) as object);

const record = { name: "NTP", element: "ntp", priority: 100 };
const result: RunResult = {
  state: "failed",
  contributions: [
    { ...record, name: "Early", state: "skipped" },
    { ...record, state: "done", started: "2026-11-21T10:00:00.000Z", duration: 1.5 },
    { ...record, name: "Admin user", state: "failed", error: { code: "bad-admin", message: "the secret is hunter2" } },
    { ...record, name: "Late", state: "pending" },
  ],
};
const now = new Date("2026-11-21T10:00:07.250Z");

test("a report says how the run ended, fits its schema, and has no message of an error", () => {
  const report = runReport({ name: "node", instanceId: "i-1" }, result, now, {
    sha256: { agent: "a".repeat(64) },
    inventory: { disks: [], interfaces: [] },
  });
  expect(report).toEqual({
    version: 1,
    name: "node",
    instanceId: "i-1",
    result: "failed",
    started: "2026-11-21T10:00:00.000Z",
    finished: "2026-11-21T10:00:07.250Z",
    duration: 7.25,
    failed: { name: "Admin user", element: "ntp", code: "bad-admin" },
    contributions: [
      { ...record, name: "Early", state: "skipped" },
      { ...record, state: "done", duration: 1.5 },
      { ...record, name: "Admin user", state: "failed", error: "bad-admin" },
      { ...record, name: "Late", state: "pending" },
    ],
    sha256: { agent: "a".repeat(64) },
    inventory: { disks: [], interfaces: [] },
  });
  expect(isValid(report), JSON.stringify(isValid.errors)).toBe(true);
  expect(isValid({ ...report, result: "fine" })).toBe(false);
});

describe("the inventory", () => {
  test("is made of the facts of the machine, in the form of the schema", async () => {
    const virtual = { name: "bond0", mac: "52:54:00:00:00:aa", state: "up", isVirtual: true };
    const eno = { driver: "ice", isVirtual: false };
    const host = recordingHost({
      facts: {
        system: { vendor: "Dell Inc.", model: "PowerEdge R650", serial: "ABC1234", uuid: "4c4c4544-0042" },
        firmware: { vendor: "Dell Inc.", version: "1.2" },
        processors: { architecture: "x86_64", model: "Xeon", count: 2, cores: 1 },
        memory: 16_777_216,
        kernel: "6.12.0",
        disks: [{ path: "/dev/sda", size: 5, serial: "S1", transport: "sata" }],
        interfaces: [
          virtual,
          { ...eno, name: "eno1", mac: "52:54:00:00:00:01", state: "up", speed: 25_000 },
          { ...eno, name: "eno2", mac: "52:54:00:00:00:02", state: "down" },
          { ...eno, name: "eno3", mac: "52:54:00:00:00:03", state: "unknown" },
        ],
      },
    });
    expect(await readInventory(host, "Debian GNU/Linux 13")).toEqual({
      vendor: "Dell Inc.",
      model: "PowerEdge R650",
      serial: "ABC1234",
      uuid: "4c4c4544-0042",
      firmware: "1.2",
      architecture: "x86_64",
      kernel: "6.12.0",
      operatingSystem: "Debian GNU/Linux 13",
      cpu: { model: "Xeon", count: 2 },
      memory: 16_777_216,
      disks: [{ path: "/dev/sda", size: 5, serial: "S1", transport: "sata" }],
      interfaces: [
        { name: "eno1", mac: "52:54:00:00:00:01", driver: "ice", up: true, speed: 25_000 },
        { name: "eno2", mac: "52:54:00:00:00:02", driver: "ice", up: false },
        { name: "eno3", mac: "52:54:00:00:00:03", driver: "ice" },
      ],
    });
  });

  test("of this very machine fits the schema", async () => {
    const host = createHost({ log: keptLog().log });
    const inventory = await readInventory(host, "this one");
    expect(inventory.cpu?.count).toBeGreaterThan(0);
    expect(inventory.memory).toBeGreaterThan(2 ** 20);
    const report = runReport({ name: "node", instanceId: undefined }, { state: "done", contributions: [] }, now, {
      sha256: {},
      inventory,
    });
    expect(isValid(report), JSON.stringify(isValid.errors)).toBe(true);
  });

  test("of a target tree says nothing of the machine that it is on", async () => {
    const host = createHost({ root: temporaryFolder(), log: keptLog().log });
    expect(await readInventory(host, "Linux")).toEqual({ disks: [], interfaces: [] });
  });
});

test("hashes are those of sha256sum; of files that are not there, none", async () => {
  const hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const commands = [
    { argv: ["sha256sum", "/etc/kanod-configure/schema.yaml"], stdout: `${hash}  /etc/kanod-configure/schema.yaml\n` },
  ];
  const host = recordingHost({ files: { "/etc/kanod-configure/schema.yaml": "" }, commands });
  expect(await readHashes(host)).toEqual({ schema: hash });
});
