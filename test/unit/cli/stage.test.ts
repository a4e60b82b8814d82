import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { register, registerBoot, stopCloudInit } from "../../../src/agent/registry.ts";
import { main } from "../../../src/cli/main.ts";
import { ownIdentity } from "../../../src/host/process-info.ts";
import { temporaryFolder, testIo } from "../../support/cli.ts";
import { testImage } from "../../support/image.ts";

/** What the contributions below did, in order. */
const ran: string[] = [];

const image = testImage({
  properties: {
    mood: { type: "string", enum: ["good", "bad", "stop", "wait", "lost", "forgetful"] },
    password: { type: "string", "x-kanod-secret": true },
  },
  boot: { disk: { type: "string" } },
  modules: [
    {
      element: "fixtures",
      file: "kanod/fixtures.ts",
      load: async () => {
        const record = (name: string) => async () => void ran.push(name);
        register("always", 10, record("always"));
        register("once", 20, record("once"), { frequency: "once" });
        register("per instance", 30, record("per instance"), { frequency: "per-instance" });
        register("mood", 40, moody, { check: checkMood });
        register("last", 50, record("last"));
        registerBoot("disk", 7, async ({ host }) => void (await host.writeFile("/etc/disk", "grown")));
      },
    },
  ],
});

async function moody({ conf, host, log }: Parameters<Parameters<typeof register>[2]>[0]): Promise<void> {
  const { mood, password } = conf as { mood?: string; password?: string };
  ran.push(`mood ${mood}`);
  if ((await host.stat("/etc/kanod-configure/status"))?.kind === "file") ran.push("status of an earlier run");
  if (mood === "forgetful") {
    await host.remove("/var/lib/kanod-configure");
    await host.writeFile("/var/lib/kanod-configure", "");
  }
  if (password !== undefined) log.info(`the password is ${password}`);
  if (mood === "stop") stopCloudInit("in this mood");
  if (mood === "wait") await new Promise(() => {});
  if (mood === "bad")
    await host.run(["sh", "-c", "echo no such mood >&2; exit 3"], {
      onTree: (root) => ["sh", "-c", `echo "no such mood in ${root}" >&2; exit 3`],
    });
  await host.writeFile("/etc/mood", `${mood}`);
}

function checkMood({ conf }: { conf: { name?: string; mood?: string } }) {
  if (conf.name === "grumpy" && conf.mood === "good") {
    return [{ severity: "error" as const, code: "unlikely", pointer: "/mood", message: "nobody believes that" }];
  }
  return conf.mood === "lost"
    ? [{ severity: "warning" as const, code: "dubious", pointer: "/mood", message: "this mood is dubious" }]
    : [];
}

function newTree(configuration?: string): string {
  const root = temporaryFolder();
  mkdirSync(join(root, "etc/kanod-configure"), { recursive: true });
  if (configuration !== undefined) writeFileSync(join(root, "etc/kanod-configure/configuration.yaml"), configuration);
  return root;
}

async function run(root: string, args: readonly string[] = [], given: Parameters<typeof testIo>[1] = {}) {
  const from = ran.length;
  const { io, out, err } = testIo(["kanod-runcmd", "--root", root, ...args], given);
  const exitCode = await main(io, image);
  return { exitCode, out: out(), err: err(), ran: ran.slice(from) };
}

async function boot(root: string, stdin: string, args: readonly string[] = []) {
  const { io, out, err } = testIo(["kanod-bootcmd", "--root", root, ...args], { stdin });
  return { exitCode: await main(io, image), out: out(), err: err() };
}

const journalOf = (root: string) => JSON.parse(readFileSync(join(root, "var/lib/kanod-configure/state.json"), "utf8"));
const statusOf = (root: string) => readFileSync(join(root, "etc/kanod-configure/status"), "utf8");

describe("a run", () => {
  test("runs all contributions and leaves its marks", async () => {
    const root = newTree("name: one\nmood: good\n");
    const { exitCode, ran: done, err } = await run(root);
    expect({ exitCode, done, err }).toEqual({
      exitCode: 0,
      done: ["always", "once", "per instance", "mood good", "last"],
      err: "",
    });
    expect(readFileSync(join(root, "etc/mood"), "utf8")).toBe("good");
    expect(statusOf(root)).toBe("0");
    expect(journalOf(root).runs).toMatchObject([{ stage: "run", state: "done" }]);
    expect(lstatSync(join(root, "var/log/kanod-configure.log")).mode & 0o777).toBe(0o640);
    expect(existsSync(join(root, "run/kanod-configure/lock"))).toBe(false);
  });

  test("repeats what is to be repeated", async () => {
    const root = newTree("name: one\nmood: good\n");
    mkdirSync(join(root, "run/cloud-init"), { recursive: true });
    const instance = (id: string) =>
      writeFileSync(join(root, "run/cloud-init/instance-data.json"), JSON.stringify({ v1: { instance_id: id } }));
    instance("i-1");
    await run(root);
    expect((await run(root)).ran).toEqual(["always", "mood good", "last"]);
    instance("i-2");
    expect((await run(root)).ran).toEqual(["always", "per instance", "mood good", "last"]);
    expect(journalOf(root).runs.at(-1).instanceId).toBe("i-2");
  });

  test("leaves out what is below MIN_PRIORITY", async () => {
    expect((await run(newTree("name: one\n"), ["40"])).ran).toEqual(["mood undefined", "last"]);
  });

  test("that is stopped is a success", async () => {
    const root = newTree("name: one\nmood: stop\n");
    const { exitCode, out, ran: done } = await run(root);
    expect(exitCode).toBe(0);
    expect(done).not.toContain("last");
    expect(out).toContain("in this mood");
    expect([statusOf(root), journalOf(root).runs[0].state]).toEqual(["0", "stopped"]);
  });

  test("reads the configuration from standard input or from a file of the host", async () => {
    const root = newTree();
    expect((await run(root, ["--config", "-"], { stdin: "name: one\nmood: good\n" })).exitCode).toBe(0);
    const file = join(temporaryFolder(), "other.yaml");
    writeFileSync(file, "name: one\nmood: lost\n");
    const { exitCode, err } = await run(root, ["--config", "other.yaml"], { workingDirectory: join(file, "..") });
    expect(exitCode).toBe(0);
    expect(err).toContain(`${file}:2:7: warning[dubious]`);
  });

  test("with --dry-run prints the plan and touches nothing", async () => {
    const root = newTree("name: one\nmood: good\n");
    const before = readdirSync(root, { recursive: true });
    const { exitCode, out, err } = await run(root, ["--dry-run"]);
    expect(exitCode).toBe(0);
    expect(out).toContain("create file /etc/mood (0644)");
    expect(out).toContain("+good");
    expect(err).toContain("started (");
    expect(readdirSync(root, { recursive: true })).toEqual(before);
  });

  test("logs one JSON object a line with --log-format json, failures too", async () => {
    const { out, err } = await run(newTree("name: one\nmood: bad\n"), ["--log-format", "json"]);
    const events = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.find(({ event }) => event === "failure").message).toContain('contribution "mood" FAILED');
    expect(
      events.every(({ time, level, message }) => [time, level, message].every((value) => typeof value === "string")),
    ).toBe(true);
    expect(err).toBe("");
  });

  test("shows no secret of the configuration", async () => {
    const root = newTree("name: one\nmood: good\npassword: open sesame\n");
    const { out, err } = await run(root, ["--log-level", "debug"]);
    expect(out).toContain("the password is");
    const log = readFileSync(join(root, "var/log/kanod-configure.log"), "utf8");
    for (const text of [out, err, log, JSON.stringify(journalOf(root))]) expect(text).not.toContain("open sesame");
  });
});

describe("a failure", () => {
  test("ends the run with exit code 1 and tells what to do", async () => {
    const root = newTree("name: one\nmood: bad\n");
    const { exitCode, err, ran: done } = await run(root);
    expect(exitCode).toBe(1);
    expect(done.at(-1)).toBe("mood bad");
    expect([statusOf(root), journalOf(root).runs[0].state]).toEqual(["1", "failed"]);
    expect(err).toContain('kanod-runcmd: contribution "mood" FAILED');
    expect(err).toContain("element:  fixtures (kanod/fixtures.ts), priority 40");
    expect(err).toContain("doing:    run sh -c");
    expect(err).toContain("[command-failed]");
    expect(err).toContain(`stderr:   no such mood in ${root}`);
    expect(err).toContain("not run:  last");
    expect(err).toContain("kanod-configure status");
  });

  test("can be resumed after the last finished contribution", async () => {
    const root = newTree("name: one\nmood: bad\n");
    await run(root);
    writeFileSync(join(root, "etc/kanod-configure/configuration.yaml"), "name: one\nmood: good\n");
    expect((await run(root, ["--resume"])).ran).toEqual(["mood good", "last"]);
    expect((await run(root, ["--resume"])).ran).toEqual(["always", "mood good", "last"]);
  });

  test("by a signal is an interruption", async () => {
    const root = newTree("name: one\nmood: wait\n");
    const controller = new AbortController();
    setTimeout(() => controller.abort("SIGTERM"), 300);
    const { exitCode, ran: done } = await run(root, [], { signal: controller.signal });
    expect(exitCode).toBe(1);
    expect(done.at(-1)).toBe("mood wait");
    expect(journalOf(root).runs[0]).toMatchObject({ state: "interrupted" });
    expect(existsSync(join(root, "run/kanod-configure/lock"))).toBe(false);
  });

  test("of an import names element and file", async () => {
    const root = newTree("name: one\n");
    const broken = { element: "broken", file: "kanod/broken.ts", load: () => Promise.reject(new TypeError("nope")) };
    const { io, err } = testIo(["kanod-runcmd", "--root", root]);
    expect(await main(io, { ...image, modules: [broken] })).toBe(1);
    expect(err()).toContain("kanod/broken.ts of element broken cannot be used: TypeError: nope [import-failed]");
    expect(journalOf(root).runs[0]).toMatchObject({ state: "failed", error: { code: "import-failed" } });
  });

  test("of a module that registers nothing, too", async () => {
    const root = newTree("name: one\n");
    const { io, err } = testIo(["kanod-runcmd", "--root", root]);
    expect(await main(io, { ...image, modules: [{ element: "e", file: "kanod/e.ts", load: async () => {} }] })).toBe(1);
    expect(err()).toContain(
      "kanod/e.ts of element e cannot be used: it registers no contribution [no-registration] [import-failed]",
    );
  });

  test("of a check names the contribution, and shows no secret", async () => {
    const load = async (): Promise<void> => {
      register("bad check", 1000, () => {}, {
        check: ({ conf }) => {
          throw new Error(`oops ${(conf as { password?: string }).password}`);
        },
      });
    };
    const root = newTree("name: check\npassword: open sesame\n");
    const { io, err } = testIo(["kanod-runcmd", "--root", root]);
    expect(await main(io, { ...image, modules: [{ element: "e", file: "kanod/e.ts", load }] })).toBe(1);
    expect(err()).toContain('the check of contribution "bad check" failed: Error: oops *** [check-failed]');
    expect(journalOf(root).runs[0].error.message).toContain("oops ***");
  });
});

describe("nothing is changed by", () => {
  test.each<[string, string, string[]]>([
    ["an unknown key", "name: one\nmod: good\n", [":2:1: error[unknown-key]", "mood"]],
    ["a wrong type", "name: [one]\n", [":1:7: error[wrong-type]"]],
    ["a missing name", "mood: good\n", ["error[missing-key]"]],
    ["an empty file", "", ["error[missing-key]"]],
    ["invalid YAML", "name: 'one\n", ["configuration.yaml:"]],
    ["a list", "- name\n", ["error[not-a-mapping]"]],
    ["several documents", "name: one\n---\nname: two\n", [":2:1: error[several-documents]"]],
    [
      "what a contribution's check refuses",
      "name: grumpy\nmood: good\n",
      [":2:7: error[unlikely]", "nobody believes that"],
    ],
  ])("%s", async (_, configuration, expected) => {
    const root = newTree(configuration);
    const { exitCode, err, ran: done } = await run(root);
    expect(exitCode).toBe(3);
    expect(done).toEqual([]);
    for (const text of expected) expect(err).toContain(text);
    expect(existsSync(join(root, "etc/mood"))).toBe(false);
    expect(statusOf(root)).toBe("1");
    expect(journalOf(root).runs[0]).toMatchObject({
      state: "failed",
      contributions: [],
      error: { code: "invalid-configuration" },
    });
  });

  test("a configuration that is missing", async () => {
    const { exitCode, err } = await run(newTree());
    expect(exitCode).toBe(3);
    expect(err).toContain("/etc/kanod-configure/configuration.yaml: no such file [unreadable]");
  });

  test("a configuration that is a folder", async () => {
    const root = newTree();
    mkdirSync(join(root, "etc/kanod-configure/configuration.yaml"));
    expect((await run(root)).exitCode).toBe(3);
  });

  test("a broken system.yaml", async () => {
    const root = newTree("name: one\n");
    writeFileSync(join(root, "etc/kanod-configure/system.yaml"), "network: {renderer: magic}\n");
    const { exitCode, err } = await run(root);
    expect(exitCode).toBe(3);
    expect(err).toContain("/etc/kanod-configure/system.yaml:1:21: error[not-in-enum]");
  });

  test("a --system file that is missing", async () => {
    const { exitCode, err } = await run(newTree("name: one\n"), ["--system", "/nowhere/system.yaml"]);
    expect(exitCode).toBe(3);
    expect(err).toContain("/nowhere/system.yaml: no such file");
  });

  test("a message shows no secret", async () => {
    const { exitCode, err } = await run(newTree("name: one\npassword: [open, sesame]\n"));
    expect(exitCode).toBe(3);
    expect(err).toContain("error[wrong-type]");
    expect(err).not.toMatch(/sesame|open/);
  });
});

describe("usage errors", () => {
  test.each<[string, string[], string]>([
    ["an unknown option", ["--rot"], "--root"],
    ["a priority that is no number", ["ten"], '"ten" is not a number'],
    ["an empty priority", [""], "is not a number"],
    ["two priorities", ["1", "2"], "too many arguments"],
    ["an unknown level", ["--log-level", "loud"], "debug, info, warn, error"],
    ["an unknown log format", ["--log-format", "xml"], "text, json"],
  ])("%s", async (_, args, message) => {
    const root = newTree("name: one\n");
    const { exitCode, err } = await run(root, args);
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
    expect(existsSync(join(root, "var"))).toBe(false);
  });

  test.each([
    ["missing", "/nowhere/at/all"],
    ["a file", "/etc/passwd"],
    ["empty", ""],
  ])("--root that is %s", async (_, root) => {
    const { io, err } = testIo(["kanod-runcmd", "--root", root]);
    expect(await main(io, image)).toBe(2);
    expect(err()).toContain("--root");
  });

  test("kanod-bootcmd takes no configuration file", async () => {
    expect((await boot(newTree(), "", ["--config", "x"])).exitCode).toBe(2);
  });
});

test("a second run at the same time fails at once with exit code 4", async () => {
  const root = newTree("name: one\n");
  mkdirSync(join(root, "run/kanod-configure"), { recursive: true });
  const parent = { ...ownIdentity() };
  writeFileSync(join(root, "run/kanod-configure/lock"), JSON.stringify(parent));
  const { exitCode, err, ran: done } = await run(root);
  expect(exitCode).toBe(4);
  expect(err).toContain(`process ${parent.pid}`);
  expect(done).toEqual([]);
  expect(existsSync(join(root, "var/lib"))).toBe(false);
});

test("help and version are worth their exit code 0", async () => {
  for (const program of ["kanod-runcmd", "kanod-bootcmd"] as const) {
    const { io, out } = testIo([program, "--help"]);
    expect(await main(io, image)).toBe(0);
    for (const text of ["--root", "--dry-run", "Exit codes:", "holds the lock"]) expect(out()).toContain(text);
  }
  const { io, out } = testIo(["kanod-runcmd", "--version"]);
  expect([await main(io, image), out()]).toEqual([0, "0.0.0-test\n"]);
});

describe("the boot stage", () => {
  test("reads the boot part from standard input", async () => {
    const root = newTree();
    expect((await boot(root, "disk: sda\n")).exitCode).toBe(0);
    expect(readFileSync(join(root, "etc/disk"), "utf8")).toBe("grown");
    expect(existsSync(join(root, "var/lib/kanod-boot-once"))).toBe(true);
    expect(existsSync(join(root, "etc/kanod-configure/status"))).toBe(false);
    expect(journalOf(root).runs).toMatchObject([{ stage: "boot", state: "done" }]);
  });

  test("takes an empty input for an empty configuration", async () => {
    expect((await boot(newTree(), "")).exitCode).toBe(0);
    expect((await boot(newTree(), "# nothing\n")).exitCode).toBe(0);
  });

  test("refuses what is not in the boot part", async () => {
    const root = newTree();
    const { exitCode, err } = await boot(root, "name: one\n");
    expect(exitCode).toBe(3);
    expect(err).toContain("<stdin>:1:1: error[unknown-key]");
    expect(existsSync(join(root, "var/lib/kanod-boot-once"))).toBe(false);
  });
});

test("while a run goes on there is no status, and after a plan there still is", async () => {
  const root = newTree("name: one\nmood: good\n");
  for (const args of [[], [], ["--dry-run"]]) {
    expect((await run(root, args)).ran).toContain("mood good");
    expect(statusOf(root)).toBe("0");
  }
  expect(ran.filter((name) => name === "status of an earlier run")).toHaveLength(1);
  expect((await run(root, [], { signal: AbortSignal.abort() })).exitCode).toBe(1);
  expect(statusOf(root)).toBe("1");
});

describe("what cannot be written", () => {
  test("the log: said once, and the run goes on", async () => {
    const root = newTree("name: one\nmood: good\n");
    mkdirSync(join(root, "var/log/kanod-configure.log"), { recursive: true });
    const { exitCode, err } = await run(root);
    expect(exitCode).toBe(0);
    expect(err.match(/kanod-configure\.log/g)).toHaveLength(1);
  });

  test("the journal: an error, and nothing is done", async () => {
    const root = newTree("name: one\nmood: good\n");
    mkdirSync(join(root, "var/lib"), { recursive: true });
    writeFileSync(join(root, "var/lib/kanod-configure"), "");
    const { exitCode, err } = await run(root);
    expect(exitCode).toBe(1);
    expect(err).toContain("the journal cannot be written");
    expect(existsSync(join(root, "etc/mood"))).toBe(false);
    expect(readFileSync(join(root, "etc/kanod-configure/status"), "utf8")).toBe("1");
  });

  test("the journal, from the middle of a run on: the run has failed", async () => {
    const root = newTree("name: one\nmood: forgetful\n");
    const { exitCode, err } = await run(root);
    expect(exitCode).toBe(1);
    expect(err).toContain("the journal cannot be written");
    expect(readFileSync(join(root, "etc/kanod-configure/status"), "utf8")).toBe("1");
  });

  test("the status: said, and the exit code stays", async () => {
    const root = newTree("name: one\nmood: good\n");
    mkdirSync(join(root, "etc/kanod-configure/status"));
    const { exitCode, err } = await run(root);
    expect(exitCode).toBe(0);
    expect(err).toContain("cannot write the status");
  });

  test("the lock: an error, not a stack trace", async () => {
    const root = newTree("name: one\n");
    writeFileSync(join(root, "run"), "");
    const { exitCode, err } = await run(root);
    expect(exitCode).toBe(1);
    expect(err).not.toMatch(/\n\s+at /);
  });
});

test("a link in the tree does not lead out of it", async () => {
  const outside = temporaryFolder();
  const root = newTree("name: one\nmood: good\n");
  symlinkSync(outside, join(root, "var"));
  symlinkSync(join(outside, "mood"), join(root, "etc/mood"));
  await run(root);
  expect(readdirSync(outside)).toEqual([]);
  chmodSync(outside, 0o755);
});
