import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { BootParams } from "../../../src/agent/contribution.ts";
import { register, registerBoot, stopCloudInit } from "../../../src/agent/registry.ts";
import type { CliIo } from "../../../src/cli/io.ts";
import { main } from "../../../src/cli/main.ts";
import type { Finding } from "../../../src/config/problem.ts";
import { temporaryFolder, testIo } from "../../support/cli.ts";
import { testImage } from "../../support/image.ts";
import { treeState } from "../../support/tree-hash.ts";

const image = testImage({
  properties: {
    greeting: { type: "string" },
    mood: { enum: ["stop", "fail", "ask"] },
    password: { type: "string", "x-kanod-secret": true },
  },
  boot: { disk: { type: "string" } },
  modules: [{ element: "fixtures", file: "kanod/fixtures.ts", load: registerFixtures }],
});

type Conf = { name: string; greeting?: string; mood?: string; password?: string };

async function registerFixtures(): Promise<void> {
  const checkDisk = ({ conf }: { conf: object }): Finding[] =>
    (conf as { disk?: string }).disk === "floppy"
      ? [{ severity: "warning", code: "old-disk", pointer: "/disk", message: "this disk is old" }]
      : [];
  const writeDisk = async ({ conf, host }: BootParams) => {
    await host.writeFile("/etc/disk", (conf as { disk?: string }).disk ?? "none");
  };
  registerBoot("disk", 7, writeDisk, { check: checkDisk });
  register("once", 20, async ({ host }) => void (await host.writeFile("/etc/once", "done")), { frequency: "once" });
  register("greeter", 30, async ({ conf, host, defer }) => {
    const { greeting = "hello", password } = conf as Conf;
    await host.writeFile("/etc/motd", `first\n${greeting}\nlast\n`, { mode: 0o640 });
    await host.makeDirectory("/srv/greeter", { mode: 0o700 });
    await host.symlink("/etc/motd", "/srv/greeter/motd");
    await host.remove("/etc/old");
    if (password !== undefined) {
      await host.writeFile("/etc/greeter.conf", `password=${password}`, { secret: true });
      await host.writeFile("/etc/greeter.url", `http://x/?p=${password}`);
    }
    const inTree =
      (...words: string[]) =>
      (root: string) => ["sh", "-c", 'echo "$*" >> "$0"', join(root, "ran"), ...words];
    await host.run(["greet", "all"], { onTree: inTree("greet", "all"), why: "greet everybody" });
    await host.run(["systemctl", "enable", "--now", "greeter.service"], { onTree: "skip" });
    await host.run(["systemctl", "restart", "greeter.service", "other.service"]);
    defer("say goodbye", async (_, its) => void (await its.writeFile("/etc/goodbye", "bye")));
  });
  register("mood", 40, async ({ conf, host }) => {
    const { mood } = conf as Conf;
    if (mood === "stop") stopCloudInit("in this mood");
    if (mood === "fail") throw new Error("no");
    if (mood !== "ask") return;
    await host.query(["lsblk", "--json"]);
    await host.query(["not-installed"], { onTree: (root) => ["not-installed", root] }).catch(() => {});
    await host.fetch("https://user:word@example.org/path?query", { method: "POST" });
    await host.connect("example.org", 443);
    await host.lookup("example.com");
  });
  register("reboot", 50, async ({ host }) => void (await host.run(["systemctl", "reboot"], { onTree: "skip" })));
}

function newTree(files: Readonly<Record<string, string>> = {}): string {
  const root = temporaryFolder();
  for (const [path, content] of Object.entries({ "/etc/os-release": "ID=test\n", ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

const configuration = "/etc/kanod-configure/configuration.yaml";

async function run(program: string, args: readonly string[], given: Partial<CliIo> & { stdin?: string } = {}) {
  const { io, out, err } = testIo([program, ...args], given);
  return { exitCode: await main(io, image), out: out(), err: err() };
}

const plan = (root: string, args: readonly string[] = [], given: Partial<CliIo> & { stdin?: string } = {}) =>
  run("kanod-configure", ["plan", "--root", root, ...args], given);

test("a plan shows what would be done, and does not do it", async () => {
  const root = newTree({
    [configuration]: "name: a\ngreeting: ciao\n",
    "/etc/motd": "first\nhi\nlast\n",
    "/etc/old": "",
  });
  const before = treeState(root);
  const { exitCode, out, err } = await plan(root);
  expect(treeState(root)).toEqual(before);
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
  expect(out).toBe(
    [
      "once (element fixtures)",
      "  create file /etc/once (0644)",
      "  --- /dev/null",
      "  +++ /etc/once",
      "  @@ -0,0 +1,1 @@",
      "  +done",
      "  \\ No newline at end of file",
      "greeter (element fixtures)",
      "  change file /etc/motd (0640)",
      "  --- /etc/motd",
      "  +++ /etc/motd",
      "  @@ -1,3 +1,3 @@",
      "   first",
      "  -hi",
      "  +ciao",
      "   last",
      "  create folder /srv/greeter (0700)",
      "  create link /srv/greeter/motd -> /etc/motd",
      "  remove /etc/old",
      `  run sh -c "echo \\"$*\\" >> \\"$0\\"" ${root}/ran greet all  # greet everybody`,
      "  leave out, on a target tree: systemctl enable --now greeter.service",
      "  leave out, on a target tree: systemctl restart greeter.service other.service",
      "mood (element fixtures)",
      "  nothing to do",
      "reboot (element fixtures)",
      "  leave out, on a target tree: systemctl reboot",
      "greeter (element fixtures, at the end of the run)",
      "  create file /etc/goodbye (0644)",
      "  --- /dev/null",
      "  +++ /etc/goodbye",
      "  @@ -0,0 +1,1 @@",
      "  +bye",
      "  \\ No newline at end of file",
      "units: greeter.service (enable, restart), other.service (restart)",
      "reboot: by reboot",
      "plan: 10 steps, nothing was changed",
      "",
    ].join("\n"),
  );
});

test("a plan shows no difference where only the mode changes", async () => {
  const root = newTree({ [configuration]: "name: a\n", "/etc/motd": "first\nhello\nlast\n" });
  const { out } = await plan(root);
  expect(out).toContain("  change file /etc/motd (0640)\n  create folder /srv/greeter (0700)\n");
});

test("what a plan shows is what the run does, and all that it does", async () => {
  const root = newTree({ [configuration]: "name: a\npassword: sesame open\n", "/etc/old": "", "/etc/motd": "hi\n" });
  const { out } = await plan(root, ["--format", "json"]);
  const { stages } = JSON.parse(out) as { stages: { contributions: { steps: Step[] }[] }[] };
  const steps = stages.flatMap(({ contributions }) => contributions.flatMap((each) => each.steps));
  const before = treeState(root);
  const { exitCode, out: log } = await run("kanod-runcmd", ["--root", root, "--log-format", "json"]);
  expect(exitCode).toBe(0);

  const changed = [
    ...new Set(
      [...treeState(root)]
        .filter(([path, state]) => withoutTime(before.get(path)) !== withoutTime(state))
        .map(([path]) => path),
    ),
  ];
  const removed = [...before.keys()].filter((path) => !existsSync(join(root, path)) && path !== "/etc/old");
  const announced = steps.flatMap((step) => ("path" in step && step.kind !== "remove" ? [step.path] : []));
  const ownMarks = /^\/(?:var|run|ran|srv$|etc\/kanod-configure\/status)/;
  expect(changed.filter((path) => !ownMarks.test(path)).sort()).toEqual(announced.sort());
  expect(removed).toEqual([]);
  expect(steps.filter(({ kind }) => kind === "remove")).toMatchObject([{ path: "/etc/old" }]);
  for (const step of steps) {
    if (step.kind !== "write" && step.kind !== "directory") continue;
    expect([step.path, mode(join(root, step.path))]).toEqual([step.path, step.mode]);
    const written = step.kind === "write" ? readFileSync(join(root, step.path), "utf8") : "";
    if (step.kind === "write" && !written.includes("sesame")) expect(written).toBe(step.content);
  }
  const ran = log
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { argv?: string[]; event?: string })
    .filter(({ argv, event }) => argv !== undefined && event !== "started");
  const commands = steps.flatMap((step) => (step.kind === "run" ? [step.argv] : []));
  expect(ran.map(({ argv }) => argv)).toEqual(commands);
  expect(readFileSync(join(root, "ran"), "utf8")).toBe("greet all\n");
});

type Step =
  | { kind: "write"; path: string; mode: string; content: string }
  | { kind: "directory"; path: string; mode: string }
  | { kind: "symlink" | "remove"; path: string }
  | { kind: "run"; argv: string[] };

const mode = (path: string): string => (statSync(path).mode & 0o7777).toString(8).padStart(4, "0");
const withoutTime = (state: string | undefined): string | undefined => state?.replace(/ \S+$/, "");

describe("a plan", () => {
  test("shows no secret", async () => {
    const root = newTree({ [configuration]: "name: a\npassword: sesame open\n" });
    for (const format of ["text", "json"]) {
      const { exitCode, out, err } = await plan(root, ["--format", format]);
      expect(exitCode).toBe(0);
      expect(out).toContain("/etc/greeter.conf");
      expect(out).toContain("http://x/?p=***");
      expect(out + err).not.toContain("sesame");
    }
  });

  test("shows findings of the boot part in the user's file, without secrets of the rest", async () => {
    const root = newTree({ [configuration]: "name: a\nboot:\n  disk: floppy\n" });
    expect((await plan(root)).err).toContain("/etc/kanod-configure/configuration.yaml:3:9: warning[old-disk]");
    const oneLine = newTree({ [configuration]: "{name: a, password: sesame open, boot: {disk: floppy}}\n" });
    const { err } = await plan(oneLine);
    expect(err).toContain("configuration.yaml:1:47: warning[old-disk]");
    expect(err).toContain("(not shown: the line holds a secret)");
    expect(err).not.toContain("sesame");
  });

  test("of the boot part comes first, and the run sees what it did", async () => {
    const root = newTree({ [configuration]: "name: a\nboot: {disk: sda}\n" });
    const { out } = await plan(root);
    expect(out.indexOf("boot stage\ndisk (element fixtures)\n  create file /etc/disk")).toBe(0);
    expect(out).toContain("  +sda");
    expect(out).toContain("run stage\nonce");
  });

  test("takes files of the host", async () => {
    const folder = newTree({
      "/c.yaml": "name: a\n",
      "/b.yaml": "disk: sdb\n",
      "/s.yaml": "network: {renderer: magic}\n",
    });
    const root = newTree();
    const given = { workingDirectory: folder };
    const { exitCode, out } = await plan(root, ["--config", "c.yaml", "--boot", "b.yaml"], given);
    expect([exitCode, out.includes("+sdb"), out.includes("run stage")]).toEqual([0, true, true]);
    expect((await plan(root, ["--boot", "-"], { stdin: "disk: sdc\n" })).out).toContain("+sdc");
    const { exitCode: failed, err } = await plan(root, ["--config", "c.yaml", "--system", "s.yaml"], given);
    expect([failed, err.includes("s.yaml:1:21: error[not-in-enum]")]).toEqual([1, true]);
  });

  test("leaves out what was done once", async () => {
    const root = newTree({ [configuration]: "name: a\n" });
    await run("kanod-runcmd", ["--root", root]);
    const { out } = await plan(root);
    expect(out).not.toContain("/etc/once");
    expect(out).not.toContain("/etc/motd");
    expect(out).toContain("plan: 4 steps");
  });

  test("says what only the machine knows", async () => {
    const root = newTree({ [configuration]: "name: a\nmood: ask\n" });
    const { out } = await plan(root);
    for (const what of [
      "what `lsblk --json` says",
      "what `not-installed` says: not-installed is not installed here",
      "what https://example.org/path answers",
      "whether example.org port 443 can be reached",
      "which addresses example.com has",
    ]) {
      expect(out).toContain(`known only on the machine: ${what}\n`);
    }
    const json = JSON.parse((await plan(root, ["--format", "json"])).out);
    expect(json.stages[0].contributions[2].unknown).toHaveLength(5);
    expect([json.units, json.reboot]).toEqual([
      { "greeter.service": ["enable", "restart"], "other.service": ["restart"] },
      true,
    ]);
  });

  test("tells where it is stopped, and what fails", async () => {
    const stopped = await plan(newTree({ [configuration]: "name: a\nmood: stop\n" }));
    expect([stopped.exitCode, stopped.out.includes("stopped here, not run: reboot")]).toEqual([0, true]);
    const failed = await plan(newTree({ [configuration]: "name: a\nmood: fail\n" }));
    expect([failed.exitCode, failed.out.includes("ended here, not run: reboot")]).toEqual([1, true]);
    expect(failed.err).toContain('contribution "mood" FAILED');
  });

  test("of an invalid configuration is refused with its problems", async () => {
    const root = newTree({ [configuration]: "name: a\nboot: {dsk: sda}\n" });
    const { exitCode, out, err } = await plan(root);
    expect([exitCode, out]).toEqual([1, ""]);
    expect(err).toContain("/etc/kanod-configure/configuration.yaml:2:8: error[unknown-key]");
    writeFileSync(join(root, "c.yaml"), "name: a\nboot: {dsk: sda}\n");
    const named = await plan(root, ["--config", "./c.yaml"], { workingDirectory: root });
    expect(named.err).toMatch(/^\.\/c\.yaml:2:8: error\[unknown-key\]/);
  });

  test("without any input is exit code 3", async () => {
    const { exitCode, err } = await plan(newTree());
    expect(exitCode).toBe(3);
    expect(err).toContain("--config");
    expect((await plan(newTree(), ["--config", "/nowhere.yaml"])).exitCode).toBe(3);
  });

  test.each([
    ["--root", "/nowhere"],
    ["--format", "xml"],
    ["--bot", "x"],
  ])("%s %s is a usage error", async (option, value) => {
    expect((await run("kanod-configure", ["plan", option, value])).exitCode).toBe(2);
  });
});
