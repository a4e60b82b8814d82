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
  test("is read from where the kernel says it", async () => {
    const host = recordingHost({
      files: {
        "/sys/class/dmi/id/sys_vendor": "Dell Inc.\n",
        "/sys/class/dmi/id/product_name": "PowerEdge R650\n",
        "/sys/class/dmi/id/product_serial": "ABC1234\n",
        "/sys/class/dmi/id/product_uuid": "4C4C4544-0042\n",
        "/sys/class/dmi/id/bios_version": "To Be Filled By O.E.M.\n",
        "/proc/sys/kernel/osrelease": "6.12.0\n",
        "/proc/cpuinfo": "processor\t: 0\nmodel name\t: Xeon\n\nprocessor\t: 1\nmodel name\t: Xeon\n",
        "/proc/meminfo": "MemTotal:       16384 kB\nMemFree: 1 kB\n",
        "/sys/class/net/lo/address": "00:00:00:00:00:00\n",
        "/sys/class/net/eno1/device": { link: "../../../0000:01:00.0" },
        "/sys/class/net/eno1/address": "52:54:00:00:00:01\n",
        "/sys/class/net/eno1/operstate": "up\n",
        "/sys/class/net/eno1/speed": "25000\n",
        "/sys/class/net/eno2/device": { link: "../../../0000:01:00.1" },
        "/sys/class/net/eno2/address": "52:54:00:00:00:02\n",
        "/sys/class/net/eno2/operstate": "down\n",
      },
      commands: [
        { argv: ["uname", "-m"], stdout: "x86_64\n" },
        {
          argv: ["lsblk"],
          prefix: true,
          stdout: JSON.stringify({
            blockdevices: [
              {
                path: "/dev/sda",
                type: "disk",
                size: "480103981056",
                model: "MZ7 ",
                serial: "S1",
                wwn: "0x5",
                rota: "0",
              },
              { path: "/dev/zram0", type: "disk", size: 0, model: null, serial: null, wwn: null, rota: false },
              { path: "/dev/sr0", type: "rom", size: 5, model: null, serial: null, wwn: null, rota: true },
            ],
          }),
        },
      ],
    });
    expect(await readInventory(host, "Debian GNU/Linux 13")).toEqual({
      vendor: "Dell Inc.",
      model: "PowerEdge R650",
      serial: "ABC1234",
      uuid: "4c4c4544-0042",
      architecture: "x86_64",
      kernel: "6.12.0",
      operatingSystem: "Debian GNU/Linux 13",
      cpu: { model: "Xeon", count: 2 },
      memory: 16_777_216,
      disks: [{ path: "/dev/sda", size: 480_103_981_056, model: "MZ7", serial: "S1", wwn: "0x5", rotational: false }],
      interfaces: [
        { name: "eno1", mac: "52:54:00:00:00:01", up: true, speed: 25_000 },
        { name: "eno2", mac: "52:54:00:00:00:02", up: false },
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
