import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test, vi } from "vitest";
import { temporaryFolder } from "../../support/cli.ts";

const agent = fileURLToPath(new URL("../../support/runaway-agent.ts", import.meta.url));

function newTree(): string {
  const root = temporaryFolder();
  mkdirSync(join(root, "etc/kanod-configure"), { recursive: true });
  writeFileSync(join(root, "etc/kanod-configure/configuration.yaml"), "name: one\n");
  return root;
}

async function run(
  kind: string,
): Promise<{ exitCode: number | undefined; signal: string | undefined; run: object; status: string }> {
  const root = newTree();
  const { exitCode, signal } = await execa(process.execPath, [agent, kind, "kanod-runcmd", "--root", root], {
    reject: false,
    timeout: 40_000,
    killSignal: "SIGKILL",
  });
  const { runs } = JSON.parse(readFileSync(join(root, "var/lib/kanod-configure/state.json"), "utf8"));
  return { exitCode, signal, run: runs.at(-1), status: readFileSync(join(root, "etc/kanod-configure/status"), "utf8") };
}

test.each([
  ["loop", "contribution-timeout"],
  ["loop after waiting", "contribution-timeout"],
  ["loop after a call", "contribution-timeout"],
  ["loop after failed calls", "contribution-timeout"],
  ["loop that catches all", "contribution-timeout"],
  ["loop of promises", "contribution-timeout"],
  ["regular expression", "contribution-timeout"],
  ["exit", "process-exit"],
  ["reallyExit", "process-exit"],
  ["abort", "process-exit"],
  ["execve", "process-exit"],
  ["rejection", "exception"],
  ["timer", "exception"],
])("a contribution cannot end the run unnoticed, nor keep it for ever: %s", async (kind, code) => {
  expect(await run(kind)).toMatchObject({
    exitCode: 1,
    run: { state: "failed", contributions: [{ name: "runaway", state: "failed", error: { code } }] },
    status: "1",
  });
});

test("the command of a killed agent holds the lock until it has ended", async () => {
  const root = newTree();
  const lock = join(root, "run/kanod-configure/lock");
  const start = (kind: string) =>
    execa(process.execPath, [agent, kind, "kanod-runcmd", "--root", root], { reject: false });
  const killed = start("command");
  const leader = await vi.waitFor(() => JSON.parse(readFileSync(lock, "utf8")).commands[0].pid as number, 30_000);
  killed.kill("SIGKILL");
  await killed;
  try {
    expect((await start("exit")).exitCode).toBe(4);
  } finally {
    process.kill(-leader, "SIGKILL");
  }
  expect((await start("exit")).exitCode).toBe(1);
});
