import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  compiledAgent,
  fixtureElement,
  runProgram,
  startProgram,
  targetTree,
  writtenElement,
} from "../support/compiled-agent.ts";
import { treeOf } from "../support/tree.ts";

/** Contributions that end a run each in its own way: the configuration says which one does. */
const outcome = {
  "schema.yaml": `properties:
  outcome:
    type: string
    description: How the run ends.
    examples: [throws]
  waited:
    type: boolean
    description: Ignored.
    examples: [true]
`,
  "kanod/outcome.ts": `import { register } from "kanod-configure";

register("outcome", 50, async ({ conf, host }) => {
  await host.writeFile("/etc/outcome", conf.outcome ?? "");
  if (conf.outcome === "throws a string") throw "text";
  if (conf.outcome === "rejects") await Promise.reject(new Error("rejected"));
  if (conf.outcome === "exits") process.exit(0);
  if (conf.outcome === "throws later") {
    setTimeout(() => { throw new Error("thrown later"); }, 10);
    await new Promise(() => {});
  }
  if (conf.outcome === "rejects unseen") {
    void Promise.reject(new Error("nobody saw it"));
    await new Promise(() => {});
  }
  if (conf.outcome === "leaves a timer") setInterval(() => {}, 1000);
  if (conf.outcome === "leaves a program") {
    const script = 'trap "" TERM; echo $$ > "$0"; while true; do sleep 1; done';
    void host.run(["true"], { onTree: (root) => ["sh", "-c", script, root + "/pid"] }).catch(() => {});
    while ((await host.readFile("/pid")) === undefined) await host.sleep(0.05);
  }
  if (conf.outcome === "sleeps") await host.run(["sleep", "60"], { onTree: () => ["sleep", "60"] });
});
register("after", 51, ({ host }) => host.writeFile("/etc/after", "").then(() => {}));
`,
};

const kinds = ["embedded", "system"] as const;
const agents = {} as Record<(typeof kinds)[number], string>;

beforeAll(() => {
  const fixtures = ["boot-marker", "writes-secret", "uses-template", "uses-package", "plain-javascript"];
  const elements = [writtenElement("outcome", outcome), ...fixtures.map(fixtureElement)];
  for (const kind of kinds) agents[kind] = compiledAgent(elements, ["--runtime", kind]);
});

describe.each(kinds)("an agent with %s runtime", (kind) => {
  const program = (name: string): string => join(agents[kind], name);
  const runcmd = (root: string, ...args: string[]) => runProgram(program("kanod-runcmd"), ["--root", root, ...args]);

  test("configures a tree", () => {
    const root = targetTree("name: one\ntoken: open-sesame\nbanner: {title: Welcome}\n");
    const boot = runProgram(program("kanod-bootcmd"), ["--root", root], { input: "marker: booted\n" });
    expect(boot).toMatchObject({ exitCode: 0, err: "" });
    const run = runcmd(root);
    expect(run).toMatchObject({ exitCode: 0, err: "" });
    const etc = treeOf(join(root, "etc"), (path) => path.startsWith("/kanod-configure"));
    expect(Object.keys(etc)).toEqual([
      "/after",
      "/banner",
      "/boot-marker",
      "/outcome",
      "/plain-javascript",
      "/shout",
      "/token",
    ]);
    expect(etc["/boot-marker"]).toContain("file 644");
    expect(etc["/token"]).toMatch(/^file 600 .*open-sesame/);
    expect(readFileSync(join(root, "etc/banner"), "utf8")).toContain("Welcome");
    expect(run.out).not.toContain("open-sesame");
    const status = runProgram(program("kanod-configure"), ["status", "--root", root, "--format", "json"]);
    expect(status.exitCode).toBe(0);
    expect(JSON.parse(status.out)).toMatchObject({
      version: 1,
      status: "done",
      boot: { state: "done" },
      run: { state: "done" },
    });
  });

  test("lists its contributions in their order", () => {
    const { exitCode, out } = runProgram(program("kanod-configure"), ["contributions", "--format", "json"]);
    expect(exitCode).toBe(0);
    const rows = JSON.parse(out) as { stage: string; priority: number; name: string; element: string; file: string }[];
    expect(rows.map(({ stage, name }) => `${stage} ${name}`)).toEqual([
      "boot boot-marker",
      "run outcome",
      "run after",
      "run writes-secret",
      "run uses-template",
      "run uses-package",
      "run plain-javascript",
    ]);
    expect(rows[0]).toMatchObject({ priority: 20, element: "boot-marker", file: "kanod/boot-marker.ts" });
    expect(runProgram(program("kanod-configure"), ["contributions"]).out).toMatch(
      /^STAGE +PRIORITY +NAME +ELEMENT\nboot +20 /,
    );
  });

  test("prints its schema", () => {
    const json = JSON.parse(runProgram(program("kanod-configure"), ["schema", "--format", "json"]).out);
    expect(Object.keys(json.properties)).toContain("outcome");
    const text = readFileSync(program("schema.yaml"), "utf8");
    expect(runProgram(program("kanod-configure"), ["schema"]).out).toBe(text.replace(/^#.*\n/, ""));
  });

  test.each([
    ["throws a string", 'something that is no Error was thrown: \\"text\\"'],
    ["rejects", "Error: rejected"],
    ["exits", "process.exit was called"],
    ["throws later", "Error: thrown later"],
    ["rejects unseen", "Error: nobody saw it"],
  ])("a contribution that %s fails the run", (how, message) => {
    const root = targetTree(`name: one\noutcome: ${how}\n`);
    const { exitCode, out } = runcmd(root, "--log-format", "json");
    expect(exitCode).toBe(1);
    expect(out).toContain(message);
    expect(out).toContain('contribution \\"outcome\\" FAILED');
    expect(existsSync(join(root, "etc/after"))).toBe(false);
    expect(readFileSync(join(root, "etc/kanod-configure/status"), "utf8")).toBe("1");
    expect(existsSync(join(root, "run/kanod-configure/lock"))).toBe(false);
  });

  test("SIGTERM ends the command that runs and leaves an interrupted journal", async () => {
    const root = targetTree("name: one\noutcome: sleeps\n");
    const { child, ended } = startProgram(program("kanod-runcmd"), ["--root", root]);
    await expect.poll(() => existsSync(join(root, "etc/outcome")), { timeout: 20_000 }).toBe(true);
    await expect.poll(() => childrenOf(child.pid ?? 0), { timeout: 20_000 }).toContain("sleep");
    child.kill("SIGTERM");
    expect((await ended).exitCode).toBe(1);
    expect(childrenOf(child.pid ?? 0)).toEqual([]);
    const status = runProgram(program("kanod-configure"), ["status", "--root", root, "--format", "json"]);
    expect(status.exitCode).toBe(1);
    expect(JSON.parse(status.out).run).toMatchObject({
      state: "interrupted",
      contributions: [{ state: "interrupted" }, {}, {}, {}, {}, {}],
    });
    expect(existsSync(join(root, "run/kanod-configure/lock"))).toBe(false);
  });

  test("a second run at the same time is refused, and status --wait waits for the first", async () => {
    const root = targetTree("name: one\noutcome: sleeps\n");
    const { child, ended } = startProgram(program("kanod-runcmd"), ["--root", root]);
    await expect.poll(() => existsSync(join(root, "etc/outcome")), { timeout: 20_000 }).toBe(true);
    const second = runcmd(root);
    expect(second).toMatchObject({ exitCode: 4 });
    expect(second.err).toContain(`process ${child.pid}`);
    const early = runProgram(program("kanod-configure"), ["status", "--root", root, "--wait", "--timeout", "0.1"]);
    expect(early).toMatchObject({ exitCode: 5 });
    expect(early.out).toContain("status: running");
    const waiting = startProgram(program("kanod-configure"), ["status", "--root", root, "--wait", "--timeout", "50"]);
    const commands = runningChildren(child.pid ?? 0);
    expect(commands.map(({ name }) => name)).toEqual(["sleep"]);
    child.kill("SIGKILL");
    await ended;
    // What a killed run left going on would meet the next run.
    expect(runcmd(root)).toMatchObject({ exitCode: 4 });
    for (const { pid } of commands) process.kill(pid, "SIGKILL");
    expect(await waiting.ended).toMatchObject({ exitCode: 1, out: expect.stringContaining("interrupted") });
    writeFileSync(join(root, "etc/kanod-configure/configuration.yaml"), "name: one\n");
    expect(runcmd(root)).toMatchObject({ exitCode: 0 });
  });

  test.each(["--bogus-option", "--require=/nowhere.js", "--max-old-space-size=1", "--inspect-brk=127.0.0.1:0"])(
    "NODE_OPTIONS=%s changes nothing",
    (value) => {
      const root = targetTree("name: one\n");
      const options = { env: { NODE_OPTIONS: value } };
      expect(runProgram(program("kanod-runcmd"), ["--root", root], options)).toMatchObject({ exitCode: 0, err: "" });
    },
  );

  test("variables of the yaml package's developers print no secret", () => {
    const root = targetTree("name: one\ntoken: open-sesame\n");
    const { out, err } = runProgram(program("kanod-runcmd"), ["--root", root], {
      env: { LOG_STREAM: "1", LOG_TOKENS: "1" },
    });
    expect(out + err).not.toContain("open-sesame");
  });

  test("the status of a tree that is none is a usage error", () => {
    for (const root of ["/nowhere", program("schema.yaml")]) {
      const { exitCode, err } = runProgram(program("kanod-configure"), ["status", "--root", root]);
      expect([exitCode, err.includes("[bad-root]")]).toEqual([2, true]);
    }
  });

  test("unknown commands suggest the near one", () => {
    const { exitCode, err } = runProgram(program("kanod-configure"), ["statsu"]);
    expect(exitCode).toBe(2);
    expect(err).toContain("status");
  });

  test("without arguments it says what it can do", () => {
    const { out } = runProgram(program("kanod-configure"), ["--help"]);
    for (const command of ["status", "contributions", "schema"]) expect(out).toContain(command);
  });

  test("a plan changes nothing and shows no secret", () => {
    const root = targetTree("name: one\ntoken: open-sesame\n");
    const before = treeOf(root);
    const { exitCode, out, err } = runcmd(root, "--dry-run", "--log-level", "debug");
    expect(exitCode).toBe(0);
    expect(out).toContain("create file /etc/token (0600)");
    expect(out + err).not.toContain("open-sesame");
    expect(treeOf(root)).toEqual(before);
  });

  test("the log has no secret, and is moved away when it grows", () => {
    const root = targetTree("name: one\ntoken: open-sesame\n");
    expect(runcmd(root).exitCode).toBe(0);
    const log = join(root, "var/log/kanod-configure.log");
    expect(readFileSync(log, "utf8")).not.toContain("open-sesame");
    writeFileSync(log, "x".repeat(4 * 1024 * 1024));
    expect(runcmd(root).exitCode).toBe(0);
    expect(readdirSync(join(root, "var/log")).sort()).toEqual(["kanod-configure.log", "kanod-configure.log.1"]);
  });
});

test("a command that has nothing to bring to an end is ended by SIGTERM", async () => {
  const child = spawn(join(agents.embedded, "kanod-configure"), ["validate", "-"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = new Promise((resolve) => child.once("close", (_, signal) => resolve(signal)));
  // It waits for its standard input by then.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  child.kill("SIGTERM");
  expect(await ended).toBe("SIGTERM");
});

test("what a contribution leaves behind does not keep the agent", async () => {
  const root = targetTree("name: one\noutcome: leaves a timer\n");
  const { child, ended } = startProgram(join(agents.embedded, "kanod-runcmd"), ["--root", root]);
  const limit = setTimeout(() => child.kill("SIGKILL"), 40_000);
  expect(await ended).toMatchObject({ exitCode: 0, err: "" });
  clearTimeout(limit);
});

test("a program that a contribution leaves behind, and that ignores SIGTERM, does not outlive the agent", async () => {
  const root = targetTree("name: one\noutcome: leaves a program\n");
  const { ended } = startProgram(join(agents.embedded, "kanod-runcmd"), ["--root", root]);
  expect(await ended).toMatchObject({ exitCode: 0, err: "" });
  expect(existsSync(`/proc/${readFileSync(join(root, "pid"), "utf8").trim()}`)).toBe(false);
});

/** Names of the processes that a process has started and that still run. */
function childrenOf(pid: number): string[] {
  return runningChildren(pid).map(({ name }) => name);
}

function runningChildren(pid: number): { pid: number; name: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return Number(parent) === pid && state !== "Z"
          ? [{ pid: Number(name), name: stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")")) }]
          : [];
      } catch {
        return [];
      }
    });
}
