import { type ContributionRun, type ContributionTest, runContribution } from "kanod-configure/testing";
import { describe, expect, test } from "vitest";
import { readmeExamples } from "../../../test/support/readme.ts";
import "../kanod/ntp.ts";

const templates = new URL("../kanod/templates/", import.meta.url);
const running = [
  { argv: ["systemctl", "is-enabled"], prefix: true, stdout: "enabled" },
  { argv: ["systemctl", "is-active"], prefix: true, stdout: "active" },
];
const stopped = [
  { argv: ["systemctl", "is-enabled"], prefix: true, stdout: "disabled", exitCode: 1 },
  { argv: ["systemctl", "is-active"], prefix: true, stdout: "inactive", exitCode: 3 },
];
const debian = { "/usr/sbin/chronyd": "", "/etc/chrony/chrony.conf": "pool 2.debian.pool.ntp.org iburst\n" };
const redHat = { "/usr/sbin/chronyd": "", "/etc/chrony.conf": "pool 2.rhel.pool.ntp.org iburst\n" };
const timesyncd = { "/usr/lib/systemd/systemd-timesyncd": "" };

const ntp = {
  servers: ["ntp1.example.com", "2001:db8::1"],
  pools: ["pool.example.com"],
  clients: ["192.0.2.0/24", "::/0"],
};

function runNtp(section: object | undefined, test: Partial<ContributionTest>): Promise<ContributionRun> {
  const conf = section === undefined ? { name: "node" } : { name: "node", ntp: section };
  return runContribution("NTP", { conf, templates, ...test } as ContributionTest);
}

const commands = (run: ContributionRun): string[] =>
  run.steps.flatMap((step) => (step.kind === "run" ? [step.argv.join(" ")] : []));

test("does nothing without its section", async () => {
  const run = await runNtp(undefined, { files: debian });
  expect(run).toMatchObject({ state: "done", steps: [] });
});

describe("chrony", () => {
  test("gets Debian's paths and is started", async () => {
    const run = await runNtp(ntp, { files: debian, commands: stopped });
    expect(run.error).toBeUndefined();
    const lines = run.files["/etc/chrony/chrony.conf"]?.split("\n");
    expect(lines).toContain("server ntp1.example.com iburst");
    expect(lines).toContain("server 2001:db8::1 iburst");
    expect(lines).toContain("pool pool.example.com iburst");
    expect(lines).toContain("allow 192.0.2.0/24");
    expect(lines).toContain("allow ::/0");
    expect(lines).toContain("keyfile /etc/chrony/chrony.keys");
    expect(lines).not.toContain("pool 2.debian.pool.ntp.org iburst");
    expect(commands(run)).toEqual(["systemctl enable chrony.service", "systemctl start chrony.service"]);
  });

  test("gets the paths of the others", async () => {
    const run = await runNtp(ntp, { files: redHat, commands: running });
    expect(run.files["/etc/chrony.conf"]).toContain("keyfile /etc/chrony.keys\n");
    expect(commands(run)).toEqual(["systemctl restart chronyd.service"]);
  });

  test("is left alone by a second run, which says so", async () => {
    const first = await runNtp(ntp, { files: debian, commands: stopped });
    const second = await runNtp(ntp, { files: { ...debian, ...first.files }, commands: running });
    expect(second.steps).toEqual([]);
    expect(second.log.map(({ message }) => message)).toContain(
      "chrony: time from ntp1.example.com, 2001:db8::1, pool.example.com, nothing changed",
    );
  });
});

describe("systemd-timesyncd", () => {
  test("is taken where chrony is not installed", async () => {
    const run = await runNtp({ servers: ["a.example"], pools: ["b.example"] }, { files: timesyncd, commands: running });
    expect(run.files["/etc/systemd/timesyncd.conf.d/90-kanod-configure.conf"]).toMatch(
      /\[Time\]\nNTP=\nNTP=a.example b.example\n$/,
    );
    expect(commands(run)).toEqual(["systemctl restart systemd-timesyncd.service"]);
  });

  test("cannot serve clients", async () => {
    const run = await runNtp(ntp, { files: timesyncd });
    expect(run).toMatchObject({ state: "failed", error: { code: "no-ntp-server" }, steps: [] });
  });
});

test("fails where there is no NTP client", async () => {
  const run = await runNtp(ntp, {});
  expect(run).toMatchObject({ state: "failed", error: { code: "no-ntp-client" }, steps: [] });
});

describe("a value that Vault gave", () => {
  test.each([
    ["servers", "a.example\nallow all", "bad-ntp-servers"],
    ["pools", "a.example iburst; rm", "bad-ntp-pools"],
    ["clients", "192.0.2.0/33", "bad-ntp-clients"],
    ["clients", "all", "bad-ntp-clients"],
    ["servers", "$(reboot)", "bad-ntp-servers"],
    ["servers", "é".repeat(10_000), "bad-ntp-servers"],
  ])("%s %j is refused", async (key, value, code) => {
    const run = await runNtp({ [key]: [value] }, { files: debian, commands: running });
    expect(run).toMatchObject({ state: "failed", error: { code }, steps: [] });
    expect(String(run.error)).toContain(`ntp.${key}.0`);
  });
});

test("the README's example runs", async () => {
  for (const conf of readmeExamples<{ ntp: object }>(new URL("../", import.meta.url))) {
    expect(await runNtp(conf.ntp, { files: debian, commands: stopped })).toMatchObject({ state: "done" });
  }
});
