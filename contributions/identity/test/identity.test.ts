import { withMarkedBlock } from "kanod-configure";
import { type ContributionRun, type ContributionTest, runContribution } from "kanod-configure/testing";
import { describe, expect, test } from "vitest";
import { readmeExamples } from "../../../test/support/readme.ts";
import "../kanod/identity.ts";

const commands = (run: ContributionRun): string[] =>
  run.steps.flatMap((step) => (step.kind === "run" ? [step.argv.join(" ")] : []));

describe("host name", () => {
  const files = { "/etc/hosts": "127.0.0.1 localhost\n", "/proc/sys/kernel/hostname": "debian\n" };
  const runName = (name: string, more: object = {}): Promise<ContributionRun> =>
    runContribution("Host name", { conf: { name }, files: { ...files, ...more } } as ContributionTest);

  test("is written and used", async () => {
    const run = await runName("node-1.example.com");
    expect(run.error).toBeUndefined();
    expect(run.files).toEqual({
      "/etc/hostname": "node-1.example.com\n",
      "/etc/hosts": withMarkedBlock("127.0.0.1 localhost\n", ["127.0.1.1 node-1.example.com node-1"]),
    });
    expect(commands(run)).toEqual(["hostnamectl set-hostname node-1.example.com"]);
  });

  test.each([
    ["the kernel alone", { "/bin/hostname": "" }, "hostname node-1"],
    ["NetworkManager, too", { "/bin/hostname": "", "/run/NetworkManager/x": "" }, "hostnamectl set-hostname node-1"],
  ])("is told to %s", async (_, more, command) => {
    expect(commands(await runName("node-1", more))).toEqual([command]);
  });

  test("is left alone by a second run, which says so", async () => {
    const first = await runName("node-1");
    const second = await runName("node-1", { ...first.files, "/proc/sys/kernel/hostname": "node-1\n" });
    expect(second.steps).toEqual([]);
    expect(second.log.map(({ message }) => message)).toContain("node-1: nothing changed");
  });

  test("replaces the former one", async () => {
    const first = await runName("node-1");
    const second = await runName("node-2", first.files);
    expect(second.files["/etc/hosts"]).toBe(withMarkedBlock("127.0.0.1 localhost\n", ["127.0.1.1 node-2"]));
  });

  test("is left to whoever put it into hosts", async () => {
    const hosts = "192.0.2.1 node-1.example.com node-1 # me\n";
    expect((await runName("node-1", { "/etc/hosts": hosts })).files["/etc/hosts"]).toBeUndefined();
    const commented = "192.0.2.1 other # node-1\n";
    expect((await runName("node-1", { "/etc/hosts": commented })).files["/etc/hosts"]).toContain("127.0.1.1 node-1\n");
  });

  test("runs nothing on a target tree", async () => {
    const run = await runContribution("Host name", { conf: { name: "n" }, files: {} } as ContributionTest);
    expect(commands(run)).toEqual([]);
    expect(run.files["/etc/hostname"]).toBe("n\n");
  });
});

describe("locale", () => {
  const debian = {
    "/etc/default/locale": "LANG=C\nLC_TIME=de_DE.UTF-8\n",
    "/usr/share/i18n/SUPPORTED": "en_US.UTF-8 UTF-8\nfr_FR.UTF-8 UTF-8\nfr_FR ISO-8859-1\n",
    "/etc/locale.gen": "# fr_FR.UTF-8 UTF-8\nen_US.UTF-8 UTF-8",
  };
  const known = [{ argv: ["locale", "-a"], stdout: "C\nC.utf8\nen_US.utf8\nPOSIX" }];
  const runLocale = (locale: string, files: object = debian): Promise<ContributionRun> =>
    runContribution("Locale and time zone", {
      conf: { name: "n", locale },
      files,
      commands: known,
    } as ContributionTest);

  test("is set where it is known, and other variables stay", async () => {
    const run = await runLocale("en_US.UTF-8");
    expect(run.error).toBeUndefined();
    expect(run.files).toEqual({ "/etc/default/locale": "LANG=en_US.UTF-8\nLC_TIME=de_DE.UTF-8\n" });
    expect((await runLocale("en_US.UTF-8", { ...debian, ...run.files })).steps).toEqual([]);
  });

  test("is compiled first where Debian knows it", async () => {
    const run = await runLocale("fr_FR.UTF-8");
    expect(run.files["/etc/locale.gen"]).toBe(`${debian["/etc/locale.gen"]}\nfr_FR.UTF-8 UTF-8\n`);
    expect(commands(run)).toEqual(["locale-gen"]);
  });

  test("goes to locale.conf elsewhere", async () => {
    expect((await runLocale("C.UTF-8", {})).files).toEqual({ "/etc/locale.conf": "LANG=C.UTF-8\n" });
  });

  test.each([
    ["xx_XX.UTF-8", debian],
    ["fr_FR.UTF-8", {}],
  ])("%s that is not there is an error, and nothing is changed", async (locale, files) => {
    expect(await runLocale(locale, files)).toMatchObject({ state: "failed", error: { code: "no-locale" }, steps: [] });
  });
});

describe("time zone", () => {
  const zones = {
    "/usr/share/zoneinfo/Europe/Paris": "TZif2",
    "/etc/localtime": { link: "/usr/share/zoneinfo/Etc/UTC" },
  };
  const runZone = (timezone: string, files: object): Promise<ContributionRun> =>
    runContribution("Locale and time zone", { conf: { name: "n", timezone }, files } as ContributionTest);

  test("is linked, and named where Debian names it", async () => {
    const run = await runZone("Europe/Paris", { ...zones, "/etc/timezone": "Etc/UTC\n" });
    expect(run.error).toBeUndefined();
    expect(run.steps).toContainEqual(
      expect.objectContaining({
        kind: "symlink",
        path: "/etc/localtime",
        target: "../usr/share/zoneinfo/Europe/Paris",
      }),
    );
    expect(run.files).toEqual({ "/etc/timezone": "Europe/Paris\n" });
  });

  test("is left alone by a second run, which says so", async () => {
    const linked = { ...zones, "/etc/localtime": { link: "../usr/share/zoneinfo/Europe/Paris" } };
    const run = await runZone("Europe/Paris", linked);
    expect(run.steps).toEqual([]);
    expect(run.log.map(({ message }) => message)).toContain("nothing changed");
  });

  test.each(["Europe/Nowhere", "Europe"])("%s that is not there is an error", async (timezone) => {
    const run = await runZone(timezone, zones);
    expect(run).toMatchObject({ state: "failed", error: { code: "no-time-zone" }, steps: [] });
  });
});

test.each([
  { locale: "en_US\nLD_PRELOAD=/x" },
  { locale: "$(reboot)" },
  { locale: "é" },
  { locale: "a".repeat(10_000) },
  { timezone: "../../etc/passwd" },
  { timezone: "/etc/passwd" },
  { timezone: "Europe/Paris\n" },
  { timezone: "" },
])("%j is refused", async (values) => {
  const run = await runContribution("Locale and time zone", { conf: { name: "n", ...values } } as ContributionTest);
  expect(run).toMatchObject({ state: "failed", steps: [] });
  expect(run.error).toMatchObject({ code: `bad-${Object.keys(values)[0]}` });
});

test("the README's example runs", async () => {
  const files = { "/usr/share/zoneinfo/Europe/Paris": "TZif2" };
  const commands = [{ argv: ["locale", "-a"], stdout: "fr_FR.utf8" }];
  for (const conf of readmeExamples(new URL("../", import.meta.url))) {
    for (const name of ["Host name", "Locale and time zone"]) {
      expect(await runContribution(name, { conf, files, commands } as ContributionTest)).toMatchObject({
        state: "done",
      });
    }
  }
});
