import { readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import {
  type ConfiguredGuest,
  configuredGuest,
  configuredGuestObstacle,
  sharedPackages,
} from "../support/configured-guest.ts";
import { describeWith } from "../support/requirements.ts";

describeWith(configuredGuestObstacle())("host name, locale and time zone", () => {
  let machine: ConfiguredGuest;

  beforeAll(async () => {
    machine = await configuredGuest({ elements: ["identity"], packages: sharedPackages });
  });

  const output = async (...argv: string[]): Promise<string> => (await machine.guest.run(argv)).stdout.trim();

  test("the machine has its name, and finds itself", async () => {
    await machine.runcmd({ name: "node-1.example.com" });
    expect(await output("hostname")).toBe("node-1.example.com");
    expect(await output("hostnamectl", "--static")).toBe("node-1.example.com");
    // systemd-hostnamed runs now, and nobody tells it of another name.
    await machine.runcmd({ name: "node-2" });
    expect([await output("hostnamectl", "--static"), await output("hostnamectl", "--transient")]).toEqual(
      Array(2).fill("node-2"),
    );
    await machine.runcmd({ name: "node-1.example.com" });
    expect(await output("getent", "hosts", "node-1")).toMatch(/^127\.0\.1\.1\s+node-1\.example\.com node-1$/);
    expect(await readFile(join(machine.root, "etc/hostname"), "utf8")).toBe("node-1.example.com\n");
    const { stdout } = await machine.runcmd({ name: "node-1.example.com" });
    expect(stdout).toContain("Host name: node-1.example.com: nothing changed");
  });

  test("a locale that is missing is compiled, and used", async () => {
    expect(await output("locale", "-a")).not.toContain("fr_FR");
    await machine.runcmd({ name: "node-1", locale: "fr_FR.UTF-8" });
    expect(await output("locale", "-a")).toContain("fr_FR.utf8");
    expect(await output("localectl", "status")).toContain("LANG=fr_FR.UTF-8");
    const { stdout } = await machine.runcmd({ name: "node-1", locale: "fr_FR.UTF-8" });
    expect(stdout).toContain("Locale and time zone: nothing changed");
  });

  test("the time zone is used", async () => {
    await machine.runcmd({ name: "node-1", timezone: "Asia/Kolkata" });
    expect(await output("date", "+%Z %z")).toBe("IST +0530");
    expect(await output("timedatectl", "show", "--property", "Timezone", "--value")).toBe("Asia/Kolkata");
    expect(await readlink(join(machine.root, "etc/localtime"))).toBe("../usr/share/zoneinfo/Asia/Kolkata");
    const { stdout } = await machine.runcmd({ name: "node-1", timezone: "Asia/Kolkata" });
    expect(stdout).toContain("Locale and time zone: nothing changed");
  });

  test.each([
    ["no-locale", { locale: "xx_XX.UTF-8" }],
    ["no-time-zone", { timezone: "Europe/Nowhere" }],
  ])("what the machine does not have fails: %s", async (code, values) => {
    const { stderr } = await machine.runcmd({ name: "node-1", ...values }, { exitCode: 1 });
    expect(stderr).toContain(`[${code}]`);
  });

  test.each([
    ["a name too long for Linux", { name: `${"x".repeat(40)}.${"y".repeat(40)}` }],
    ["a name with a line feed", { name: "a\nb" }],
    ["a command for a locale", { name: "a", locale: "$(reboot)" }],
    ["a second assignment in a locale", { name: "a", locale: "C\nLD_PRELOAD=/x" }],
    ["a path for a time zone", { name: "a", timezone: "../../../etc/shadow" }],
    ["10,000 characters", { name: "a", timezone: "x".repeat(10_000) }],
  ])("%s is refused with its position", async (_, configuration) => {
    const { stderr } = await machine.runcmd(configuration, { exitCode: 3 });
    expect(stderr).toMatch(/configuration\.yaml:1:\d+: error\[/);
  });
});
