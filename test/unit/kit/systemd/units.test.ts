import { describe, expect, test } from "vitest";
import type { Host } from "../../../../src/host/host.ts";
import { type RecordingHost, recordingHost } from "../../../../src/host/recording-host.ts";
import { settleDevices } from "../../../../src/kit/systemd/udev.ts";
import { configureService, ensureService, hasUnit, owedRestarts } from "../../../../src/kit/systemd/units.ts";
import { noCloudInit, storeOn } from "../../../support/contributions.ts";
import { keptLog } from "../../../support/host.ts";

const unit = "x.service";
const config = "/etc/x.conf";
const dropIn = "/etc/systemd/system/x.service.d/a.conf";

/** A machine whose service has these states, one after the other. */
function machine(enabled: string, active: readonly string[], files: Record<string, string> = {}): RecordingHost {
  const commands = [
    { argv: ["systemctl", "is-enabled"], prefix: true, stdout: enabled, exitCode: enabled === "enabled" ? 0 : 1 },
    ...active.slice(0, -1).map((stdout) => {
      return { argv: ["systemctl", "is-active"], prefix: true, stdout, exitCode: 3, times: 1 };
    }),
    { argv: ["systemctl", "is-active"], prefix: true, stdout: active.at(-1) ?? "", exitCode: 3 },
    ...["start", "restart"].map((verb) => ({ argv: ["systemctl", verb, unit] })),
  ];
  return recordingHost({ commands, files });
}

const commandsOf = (host: RecordingHost, from = 0) =>
  host.steps.slice(from).flatMap((step) => (step.kind === "run" ? [step.argv.slice(1).join(" ")] : []));

function configure(host: RecordingHost, files: Record<string, string>, isReadAtStart?: (path: string) => boolean) {
  const { log, events } = keptLog();
  const write = async (its: Host): Promise<void> => {
    for (const [path, text] of Object.entries(files)) await its.writeFile(path, text);
  };
  return { change: configureService({ host, log, store: storeOn(host) }, unit, write, isReadAtStart), events };
}

describe("a service", () => {
  test.each([
    ["runs with its present configuration", { [config]: "1" }, ["active"], "same", []],
    ["runs with another one", { [config]: "0" }, ["active"], "restarted", ["restart x.service"]],
    ["does not run", { [config]: "1" }, ["inactive", "active"], "started", ["start x.service"]],
    ["takes its time", { [config]: "0" }, ["active", "activating", "active"], "restarted", ["restart x.service"]],
    ["a condition keeps from running", { [config]: "0" }, ["inactive"], "not running", ["start x.service"]],
  ] as const)("that %s", async (_, files, active, expected, commands) => {
    const host = machine("enabled", active, files);
    const { change, events } = configure(host, { [config]: "1" });
    expect(await change).toBe(expected);
    expect(commandsOf(host)).toEqual(commands);
    expect(events.filter(({ level }) => level === "warn")).toHaveLength(expected === "not running" ? 1 : 0);
    expect(await storeOn(host).owed()).toEqual([]);
  });

  test.each(["failed", "activating"])("that is %s after a restart is an error, and owed", async (state) => {
    const host = machine("enabled", ["active", state]);
    await expect(configure(host, { [config]: "1" }).change).rejects.toMatchObject({ code: "service-not-running" });
    const from = host.steps.length;
    // The files are right now; what runs, or does not, is not.
    await expect(configure(host, { [config]: "1" }).change).rejects.toMatchObject({ code: "service-not-running" });
    expect(commandsOf(host, from)).toHaveLength(1);
    expect(await storeOn(host).owed()).toHaveLength(1);
  });

  test("is restarted by the next run when its own could not", async () => {
    const host = machine("enabled", ["active"]);
    const cut = configureService({ host, log: keptLog().log, store: storeOn(host) }, unit, async (its) => {
      await its.writeFile(dropIn, "1");
      throw new Error("cut off");
    });
    await expect(cut).rejects.toThrow("cut off");
    expect(await configure(host, { [dropIn]: "1" }).change).toBe("restarted");
    expect(commandsOf(host)).toEqual(["daemon-reload", "restart x.service"]);
    expect(await configure(host, { [dropIn]: "1" }).change).toBe("same");
  });

  test("is restarted for what it reads at its start, and for its unit files", async () => {
    const host = machine("enabled", ["active"]);
    const isReadAtStart = (path: string) => path === config;
    expect(await configure(host, { "/etc/other": "1" }, isReadAtStart).change).toBe("same");
    expect(await configure(host, { "/etc/other": "2", [config]: "1" }, isReadAtStart).change).toBe("restarted");
    expect(await configure(host, { [config]: "2", [dropIn]: "1", "/etc/y": "" }, isReadAtStart).change).toBe(
      "restarted",
    );
    expect(commandsOf(host)).toEqual(["restart x.service", "daemon-reload", "restart x.service"]);
  });

  test("that is not enabled is enabled", async () => {
    const host = machine("disabled", ["active"]);
    expect(await ensureService(host, unit)).toBe("same");
    expect(commandsOf(host)).toEqual(["enable x.service"]);
  });

  test.each([
    [["inactive", "active"], "started", 0],
    [["failed"], "not running", 1],
  ] as const)("that is %s is started", async (states, expected, warnings) => {
    const { log, events } = keptLog();
    const host = machine("enabled", states);
    expect(await ensureService(host, unit, { log })).toBe(expected);
    expect(events).toHaveLength(warnings);
  });
});

test.each([
  ["active", { reload: true }, ["daemon-reload", "restart x.service"]],
  ["active", { reload: false }, ["restart x.service"]],
  ["inactive", { reload: false }, []],
])("an owed restart of a service that is %s: %j", async (state, data, commands) => {
  const host = machine("enabled", [state]);
  const params = { host, log: keptLog().log, store: storeOn(host), system: {}, init: noCloudInit };
  await owedRestarts["restart"]?.(params, { key: `restart:${unit}`, data });
  expect(commandsOf(host)).toEqual(commands);
});

test("an owed restart that fails is an error", async () => {
  const host = machine("enabled", ["failed"]);
  const params = { host, log: keptLog().log, store: storeOn(host), system: {}, init: noCloudInit };
  const restart = owedRestarts["restart"]?.(params, { key: `restart:${unit}`, data: { reload: false } });
  await expect(restart).rejects.toMatchObject({ code: "service-not-running" });
});

test.each(["/usr/lib", "/lib", "/etc"])("a unit is found in %s", async (folder) => {
  const host = recordingHost({ files: { [`${folder}/systemd/system/x.service`]: "" } });
  expect([await hasUnit(host, "x.service"), await hasUnit(host, "y.service")]).toEqual([true, false]);
});

describe("waiting for udev", () => {
  const udevadm = { argv: ["udevadm", "settle", "--timeout=30"] };

  test("may take too long, which whoever needs the device says", async () => {
    await settleDevices(recordingHost({ commands: [{ ...udevadm, exitCode: 1 }] }), "wait");
  });

  test("that fails otherwise is a failure", async () => {
    const host = recordingHost({ commands: [{ ...udevadm, exitCode: 2 }] });
    await expect(settleDevices(host, "wait")).rejects.toMatchObject({ code: "command-failed" });
  });
});
