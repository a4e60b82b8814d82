import { describe, expect, test } from "vitest";
import { recordingHost } from "../../../../src/host/recording-host.ts";
import { settleDevices } from "../../../../src/kit/systemd/udev.ts";
import { ensureService, hasUnit } from "../../../../src/kit/systemd/units.ts";
import { keptLog } from "../../../support/host.ts";

const answers = (enabled: string, ...active: string[]) => [
  { argv: ["systemctl", "is-enabled"], prefix: true, stdout: enabled, exitCode: enabled === "enabled" ? 0 : 1 },
  ...active.map((stdout) => ({ argv: ["systemctl", "is-active"], prefix: true, stdout, exitCode: 3, times: 1 })),
  ...["start", "restart"].map((verb) => ({ argv: ["systemctl", verb, "x.service"] })),
];

describe("a service", () => {
  test.each([
    ["runs with its present configuration", false, ["active"], "same", []],
    ["runs with another one", true, ["active", "active"], "restarted", ["systemctl restart x.service"]],
    ["does not run", false, ["inactive", "active"], "started", ["systemctl start x.service"]],
    ["will not run", true, ["failed", "failed"], "not running", ["systemctl start x.service"]],
  ] as const)("that %s", async (_, changed, active, expected, commands) => {
    const { log, events } = keptLog();
    const host = recordingHost({ commands: answers("enabled", ...active) });
    expect(await ensureService(host, "x.service", { changed, log })).toBe(expected);
    expect(host.steps.map((step) => step.kind === "run" && step.argv.join(" "))).toEqual(commands);
    expect(events.filter(({ level }) => level === "warn")).toHaveLength(expected === "not running" ? 1 : 0);
  });

  test("that is not enabled is enabled", async () => {
    const host = recordingHost({ commands: answers("disabled", "active") });
    await ensureService(host, "x.service", { changed: false });
    expect(host.steps).toMatchObject([{ argv: ["systemctl", "enable", "x.service"] }]);
  });
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
