import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { createHost } from "../../../src/host/create-host.ts";
import { Environment } from "../../../src/host/environment.ts";
import { CommandError } from "../../../src/host/errors.ts";
import type { CommandOptions, Host } from "../../../src/host/host.ts";
import type { LogEvent } from "../../../src/log/logger.ts";
import { keptLog, temporaryFolder } from "../../support/host.ts";

let host: Host;
let events: LogEvent[];
const environment = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root" };

beforeEach(() => {
  const kept = keptLog();
  events = kept.events;
  host = createHost({ log: kept.log, environment });
});

async function commandError(call: Promise<unknown>): Promise<CommandError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof CommandError) return error;
  throw new Error(`expected a CommandError, not ${String(error)}`);
}

const shell = (script: string, options?: CommandOptions) => host.run(["sh", "-c", script], options);

/** Whether a process is there and no zombie. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function waitUntil(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !condition(); tries++) await delay(20);
  expect(condition()).toBe(true);
}

describe("what a command gives back", () => {
  test("is its output without the last newline, and its exit code", async () => {
    const result = await shell("printf 'one\\n\\n'; printf 'two\\n' >&2");
    expect(result).toEqual({ exitCode: 0, stdout: "one\n", stderr: "two", skipped: false });
  });

  test("of a query is the same", async () => {
    expect(await host.query(["printf", "%s", "grüß"])).toMatchObject({ stdout: "grüß", exitCode: 0 });
  });

  test("no shell reads the words", async () => {
    const words = ["$HOME", "a b", "'", '"', "*", ";", "`id`", "", "-n"];
    const { stdout } = await host.run(["printf", "[%s]", ...words]);
    expect(stdout).toBe(words.map((word) => `[${word}]`).join(""));
  });

  test("other exit codes can be fine", async () => {
    expect((await shell("exit 3", { okExitCodes: [0, 3] })).exitCode).toBe(3);
    expect((await commandError(shell("exit 0", { okExitCodes: [3] }))).exitCodeOfCommand).toBe(0);
  });

  test("is cut off at 16 MiB, and the command is not kept waiting", async () => {
    const size = 20 * 1024 * 1024;
    const { stdout, stderr } = await shell(`head -c ${size} /dev/zero | tr '\\0' x; echo done >&2`);
    const [kept = "", note] = stdout.split("\n");
    expect(kept.length).toBe(16 * 1024 * 1024);
    expect(note).toBe(`[${4 * 1024 * 1024} more bytes were cut off here]`);
    expect(stderr).toBe("done");
  });
});

describe("standard input", () => {
  test("is empty without one", async () => {
    expect((await host.run(["cat"])).stdout).toBe("");
  });

  test("is what is given, text or bytes", async () => {
    expect((await host.run(["cat"], { input: "ä\n\n" })).stdout).toBe("ä\n");
    expect((await host.run(["od", "-An", "-tx1"], { input: Buffer.from([0, 255]) })).stdout.trim()).toBe("00 ff");
  });

  test("need not be read", async () => {
    const input = "x".repeat(4 * 1024 * 1024);
    expect((await host.run(["true"], { input })).exitCode).toBe(0);
    expect((await commandError(host.run(["false"], { input }))).code).toBe("command-failed");
  });
});

describe("the environment", () => {
  const shown = async (name: string, env?: Record<string, string>): Promise<string> =>
    (await shell(`printf %s "\${${name}-unset}"`, env === undefined ? {} : { env })).stdout;

  test("is inherited, but for what is meant for the agent's runtime", async () => {
    const own = {
      ...environment,
      NODE_OPTIONS: "--bad",
      NODE_EXTRA_CA_CERTS: "/x",
      LANGUAGE: "de",
      MINE: "1",
      GONE: undefined,
    };
    host = createHost({ log: keptLog().log, environment: own });
    expect(await shown("MINE")).toBe("1");
    expect(await shown("HOME")).toBe("/root");
    for (const name of ["NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "LANGUAGE", "GONE"])
      expect(await shown(name), name).toBe("unset");
  });

  test("holds nothing of the process that was not given", async () => {
    process.env["KANOD_TEST_OWN"] = "1";
    expect(await shown("KANOD_TEST_OWN")).toBe("unset");
    delete process.env["KANOD_TEST_OWN"];
  });

  test("fixes the language of messages, and has a PATH", async () => {
    host = createHost({ log: keptLog().log, environment: { LC_ALL: "de_DE.UTF-8", LANG: "de_DE.UTF-8" } });
    expect(await shown("LC_ALL")).toBe("C.UTF-8");
    expect(await shown("PATH")).toBe("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  });

  test("can be set and unset for what is run from now on", async () => {
    host.setEnvironment("http_proxy", "http://proxy:3128");
    expect(await shown("http_proxy")).toBe("http://proxy:3128");
    host.setEnvironment("http_proxy", undefined);
    expect(await shown("http_proxy")).toBe("unset");
  });

  test("can be added to for one command", async () => {
    expect(await shown("ONCE", { ONCE: "yes" })).toBe("yes");
    expect(await shown("ONCE")).toBe("unset");
  });

  test("is shared by hosts that are given the same one", async () => {
    const shared = new Environment(environment);
    const one = createHost({ log: keptLog().log, environment: shared });
    host = createHost({ log: keptLog().log, environment: shared });
    one.setEnvironment("SHARED", "1");
    expect(await shown("SHARED")).toBe("1");
  });

  test.each([
    ["", "x"],
    ["A=B", "x"],
    ["A\0", "x"],
    ["A", "x\0y"],
  ])("refuses %j=%j", async (name, value) => {
    const refused = expect.objectContaining({ name: "HostError", code: "bad-variable" });
    expect(() => host.setEnvironment(name, value)).toThrow(refused);
    await expect(host.run(["true"], { env: { [name]: value } })).rejects.toEqual(refused);
  });
});

describe("a command that fails", () => {
  test("tells argv, exit code and the end of what it wrote", async () => {
    const error = await commandError(shell("seq 1 5000 >&2; exit 7"));
    expect(error.message).toBe('command failed with exit code 7: sh -c "seq 1 5000 >&2; exit 7"');
    expect(error).toMatchObject({
      code: "command-failed",
      exitCodeOfCommand: 7,
      argv: ["sh", "-c", "seq 1 5000 >&2; exit 7"],
    });
    // Only whole lines.
    expect(error.stderr.length).toBe(3999);
    expect(error.stderr.startsWith("4201\n4202\n")).toBe(true);
    expect(error.stderr.endsWith("\n5000")).toBe(true);
  });

  test("cannot drive the terminal", async () => {
    const error = await commandError(host.run(["sh", "-c", "printf '\\033[2J\\tx\\n\\r' >&2; exit 1", "\u001b[2J"]));
    expect(error.stderr).toBe("\\u001b[2J  x\n\\r");
    expect(error.message).toContain('"\\u001b[2J"');
    expect(error.message).not.toContain("\u001b");
  });

  test("is named when it is not installed", async () => {
    const error = await commandError(host.run(["no-such-program", "word"]));
    expect(error).toMatchObject({ code: "command-not-found", exitCodeOfCommand: undefined });
    expect(error.message).toBe("no-such-program is not installed (looked for in PATH)");
  });

  test("is named when its path leads nowhere", async () => {
    const error = await commandError(host.run(["/no/such/program"]));
    expect(error).toMatchObject({ code: "command-not-found" });
    expect(error.message).toBe("/no/such/program, or the interpreter that it asks for, does not exist");
  });

  test("says why it could not be started", async () => {
    const file = join(temporaryFolder(), "program");
    writeFileSync(file, "#!/bin/sh\n");
    chmodSync(file, 0o644);
    const error = await commandError(host.run([file]));
    expect(error.code).toBe("command-failed");
    expect(error.message).toBe(`cannot start ${file}: permission denied`);
    const tooLong = await commandError(host.run(["true", "x".repeat(3_000_000)]));
    expect(tooLong.message).toMatch(/argument list too long$/);
    expect(tooLong.message.length).toBeLessThan(1000);
  });

  test("tells the signal that ended it", async () => {
    const error = await commandError(shell("kill -KILL $$"));
    expect(error).toMatchObject({ code: "command-killed", exitCodeOfCommand: undefined });
    expect(error.message).toBe('command was ended by SIGKILL: sh -c "kill -KILL $$"');
  });

  test.each([[[]], [[""]], [["a\0b"]], [["a", "b\0"]]])("%j is no command", async (argv) => {
    await expect(host.run(argv)).rejects.toMatchObject({ name: "HostError", code: "bad-command" });
    await expect(host.query(argv)).rejects.toMatchObject({ name: "HostError", code: "bad-command" });
  });
});

describe("secrets", () => {
  test("are in the result, but in no error and no log", async () => {
    const secret = { input: "hidden-words", secret: true };
    expect((await host.run(["cat"], secret)).stdout).toBe("hidden-words");
    const error = await commandError(host.run(["sh", "-c", "cat; cat >&2; echo hidden-words >&2; exit 1"], secret));
    expect(error.stderr).toBe("");
    expect(JSON.stringify([events, error.message, error.cause ?? null])).not.toMatch(/hidden-words(?! >&2)/);
  });
});

describe("time", () => {
  test("that is over ends the whole process group", async () => {
    const file = join(temporaryFolder(), "pids");
    const script = `sleep 100 & echo $! > ${file}; echo $$ >> ${file}; echo begun; wait`;
    const error = await commandError(shell(script, { timeout: 0.5 }));
    expect(error.code).toBe("command-timeout");
    expect(error.message).toMatch(/^command took longer than 0.5 s and was ended: sh -c /);
    const pids = readFileSync(file, "utf8").trim().split("\n").map(Number);
    expect(pids).toHaveLength(2);
    await waitUntil(() => pids.every((pid) => !isRunning(pid)));
  });

  test("ends also what is stopped", async () => {
    const begin = performance.now();
    expect((await commandError(shell("kill -STOP $$", { timeout: 0.3 }))).code).toBe("command-timeout");
    expect(performance.now() - begin).toBeLessThan(4000);
  });

  test("ends after five more seconds what does not heed SIGTERM, with all it started", async () => {
    const file = join(temporaryFolder(), "pids");
    const script = `trap '' TERM; sleep 100 & echo $! > ${file}; echo $$ >> ${file}; while :; do sleep 100; done`;
    const begin = performance.now();
    expect((await commandError(shell(script, { timeout: 0.3 }))).code).toBe("command-timeout");
    const took = (performance.now() - begin) / 1000;
    expect(took).toBeGreaterThan(5);
    expect(took).toBeLessThan(9);
    const pids = readFileSync(file, "utf8").trim().split("\n").map(Number);
    await waitUntil(() => pids.every((pid) => !isRunning(pid)));
  });

  test("a daemon that keeps the output open is neither waited for nor ended", async () => {
    const begin = performance.now();
    const { stdout } = await shell("sleep 30 & echo $!");
    expect(performance.now() - begin).toBeLessThan(5000);
    const pid = Number(stdout);
    expect(isRunning(pid)).toBe(true);
    process.kill(pid, "SIGKILL");
  });

  test("an endless one is fine", async () => {
    expect((await shell("echo x", { timeout: Number.POSITIVE_INFINITY })).stdout).toBe("x");
  });
});

describe("an interrupted run", () => {
  test("ends the command and all it started", async () => {
    const controller = new AbortController();
    const file = join(temporaryFolder(), "pids");
    host = createHost({ log: keptLog().log, environment, signal: controller.signal });
    const running = shell(`sleep 100 & echo $! > ${file}; echo $$ >> ${file}; wait`);
    const failed = commandError(running);
    await waitUntil(() => pidsIn(file).length === 2);
    controller.abort();
    const error = await failed;
    expect(error.code).toBe("command-killed");
    expect(error.message).toMatch(/^command was ended because the run was interrupted: sh -c /);
    await waitUntil(() => pidsIn(file).every((pid) => !isRunning(pid)));
  });

  test("starts no command any more", async () => {
    const file = join(temporaryFolder(), "made");
    host = createHost({ log: keptLog().log, environment, signal: AbortSignal.abort() });
    expect((await commandError(host.run(["touch", file]))).code).toBe("command-killed");
    expect(() => readFileSync(file)).toThrow("ENOENT");
  });

  function pidsIn(file: string): number[] {
    try {
      return readFileSync(file, "utf8").trim().split("\n").map(Number);
    } catch {
      return [];
    }
  }
});

describe("the log", () => {
  test("tells start and end with argv and time", async () => {
    await host.run(["true"], { why: "look whether it works" });
    await commandError(host.query(["sh", "-c", "exit 4"]));
    expect(events).toMatchObject([
      { level: "debug", event: "started", argv: ["true"], message: "runs true: look whether it works" },
      { level: "info", event: "finished", argv: ["true"], exitCode: 0, message: "ran true: look whether it works" },
      { level: "debug", event: "started" },
      { level: "info", event: "failed", exitCode: 4, argv: ["sh", "-c", "exit 4"], message: 'failed: sh -c "exit 4"' },
    ]);
    expect(events[1]?.duration).toBeGreaterThan(0);
    expect(events[1]?.duration).toBeLessThan(10);
  });
});

describe("on a target tree", () => {
  let root: string;
  beforeEach(() => {
    root = temporaryFolder();
    const kept = keptLog();
    events = kept.events;
    host = createHost({ log: kept.log, environment, root });
  });

  test("a command is left out, and the log says so", async () => {
    const skipped = { exitCode: 0, stdout: "", stderr: "", skipped: true };
    expect(await host.run(["touch", `${root}/x`])).toEqual(skipped);
    expect(await host.query(["cat", "/etc/passwd"], { onTree: "skip" })).toEqual(skipped);
    expect(await host.list("/")).toEqual([]);
    expect(events).toMatchObject([
      {
        level: "info",
        event: "skipped",
        argv: ["touch", `${root}/x`],
        message: `left out on a target tree: touch ${root}/x`,
      },
      { level: "info", event: "skipped", argv: ["cat", "/etc/passwd"] },
    ]);
  });

  test("a function says what works on the tree from outside", async () => {
    const result = await host.run(["mkdir", "/made"], { onTree: (tree) => ["mkdir", `${tree}/made`] });
    expect(result.skipped).toBe(false);
    expect(await host.list("/")).toEqual(["made"]);
    expect(events.at(-1)).toMatchObject({ event: "finished", argv: ["mkdir", `${root}/made`] });
  });

  test("a bad argv of the function is refused", async () => {
    await expect(host.run(["x"], { onTree: () => [] })).rejects.toMatchObject({ code: "bad-command" });
  });
});
