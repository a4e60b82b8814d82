import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type ConfiguredGuest, configuredGuest, configuredGuestObstacle } from "../support/configured-guest.ts";
import { describeWith } from "../support/requirements.ts";

const ntp = { servers: ["192.0.2.10", "2001:db8::123"], pools: ["192.0.2.20"], clients: ["198.51.100.0/24"] };

/** Both services refuse to run without the right to set the clock, which is this machine's. */
function evenInContainer(service: string): (root: string) => Promise<void> {
  return async (root) => {
    const folder = join(root, `etc/systemd/system/${service}.service.d`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "test.conf"), "[Unit]\nConditionVirtualization=\nConditionCapability=\n");
    await writeFile(join(root, "etc/default/chrony"), 'DAEMON_OPTS="-F 1 -x"\n');
  };
}

describeWith(configuredGuestObstacle())("chrony", () => {
  let machine: ConfiguredGuest;

  beforeAll(async () => {
    machine = await configuredGuest({ elements: ["ntp"], packages: ["chrony"], prepare: evenInContainer("chrony") });
  });

  const chronyc = async (...args: string[]): Promise<string> => (await machine.guest.run(["chronyc", ...args])).stdout;

  test("asks the servers and pools, and nobody else; tells the clients, and nobody else", async () => {
    await machine.runcmd({ name: "node", ntp });
    const sources = (await chronyc("-n", "sources"))
      .split("\n")
      .flatMap((line) => /^\^\S+\s+(\S+)/.exec(line)?.[1] ?? []);
    expect(sources.toSorted()).toEqual(["192.0.2.10", "192.0.2.20", "2001:db8::123"]);
    expect(await chronyc("accheck", "198.51.100.7")).toContain("208 Access allowed");
    expect(await chronyc("accheck", "203.0.113.7")).toContain("209 Access denied");
    expect((await machine.guest.run(["systemctl", "is-enabled", "chrony"])).stdout.trim()).toBe("enabled");
  });

  test("is left alone by a second run, which says so", async () => {
    const started = async (): Promise<string> =>
      (await machine.guest.run(["systemctl", "show", "-P", "ExecMainStartTimestampMonotonic", "chrony"])).stdout;
    const before = await started();
    const { stdout } = await machine.runcmd({ name: "node", ntp });
    expect(stdout).toContain("NTP: chrony: time from 192.0.2.10, 2001:db8::123, 192.0.2.20, nothing changed");
    expect(await started()).toBe(before);
  });

  test("forgets a server that is no longer configured", async () => {
    await machine.runcmd({ name: "node", ntp: { servers: ["192.0.2.30"] } });
    expect(await chronyc("-n", "sources")).toContain("192.0.2.30");
    expect(await chronyc("-n", "sources")).not.toContain("192.0.2.10");
    expect(await chronyc("accheck", "198.51.100.7")).toContain("209 Access denied");
  });

  test.each([
    ["a second line", "a.example\nallow all"],
    ["an option", "a.example iburst"],
    ["a command", "$(reboot)"],
    ["quotes", "'a\";b"],
    ["another alphabet", "é"],
    ["10,000 characters", "x".repeat(10_000)],
  ])("%s in a server is refused with its position", async (_, server) => {
    const { stderr } = await machine.runcmd(
      { name: "node", ntp: { servers: ["ok.example", server] } },
      { exitCode: 3 },
    );
    expect(stderr).toContain("/etc/kanod-configure/configuration.yaml:1:47: error[bad-ntp-servers]");
  });
});

describeWith(configuredGuestObstacle())("systemd-timesyncd", () => {
  let machine: ConfiguredGuest;

  beforeAll(async () => {
    machine = await configuredGuest({
      elements: ["ntp"],
      packages: ["systemd-timesyncd"],
      prepare: evenInContainer("systemd-timesyncd"),
    });
  });

  test("asks the servers and pools, and nobody else", async () => {
    const { clients: _, ...sources } = ntp;
    await machine.runcmd({ name: "node", ntp: sources });
    const shown = await machine.guest.run(["timedatectl", "show-timesync", "--property", "SystemNTPServers"]);
    expect(shown.stdout.trim()).toBe("SystemNTPServers=192.0.2.10 2001:db8::123 192.0.2.20");
    const { stdout } = await machine.runcmd({ name: "node", ntp: sources });
    expect(stdout).toContain("nothing changed");
  });

  test("cannot serve clients, and says so", async () => {
    const { stderr, stdout } = await machine.runcmd({ name: "node", ntp }, { exitCode: 1 });
    expect(stdout + stderr).toContain("ntp.clients needs chrony");
  });
});
