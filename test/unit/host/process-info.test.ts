import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { bootId, identityOf, isAlive, isGroupAlive, ownIdentity } from "../../../src/host/process-info.ts";

test("the boot id is the kernel's", () => {
  expect(bootId()).toBe(readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
});

test("the start time is field 22 of stat, whatever the program is called", async () => {
  const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  // The shell takes the name of the file that it runs as its own: blanks and parentheses stand in front of the field.
  const child = spawn("sh", ["-c", "printf ') 1 (x' > /proc/$$/comm; echo; read wait"], { stdio: "pipe" });
  await once(child.stdout, "data");
  const started = Number(identityOf(child.pid ?? 0).startTime);
  expect(readFileSync(`/proc/${child.pid}/stat`, "utf8")).toContain("() 1 (x)");
  // In clock ticks, of which Linux tells programs 100 a second.
  expect(Math.abs(started / 100 - uptime)).toBeLessThan(60);
  child.kill();
  await once(child, "close");
  expect(identityOf(child.pid ?? 0).startTime).toBeUndefined();
});

test("this process is alive, and another one with its id is not it", () => {
  const own = ownIdentity();
  expect(own.pid).toBe(process.pid);
  expect(own.startTime).toBe(identityOf(process.pid).startTime);
  expect(isAlive(own)).toBe(true);
  expect(isAlive({ ...own, startTime: `${Number(own.startTime) - 1}` })).toBe(false);
  expect(isAlive({ ...own, bootId: "00000000-0000-0000-0000-000000000000" })).toBe(false);
});

test("what is not known does not speak against a process", () => {
  const own = ownIdentity();
  expect(isAlive({ ...own, startTime: undefined })).toBe(true);
  expect(isAlive({ ...own, bootId: undefined })).toBe(true);
});

test.each([0, -1, 1.5, Number.NaN, 2 ** 22 + 1])("there is no process %d", (pid) => {
  expect(isAlive({ pid, startTime: undefined, bootId: undefined })).toBe(false);
});

test("a process that has ended is not alive", async () => {
  const child = spawn("true");
  const identity = identityOf(child.pid ?? 0);
  await once(child, "close");
  expect(isAlive(identity)).toBe(false);
});

/** Starts a shell that leads a process group and prints the id of the process that it started. */
async function startGroup(script: string): Promise<{ leader: ChildProcess; other: number }> {
  const leader = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"], detached: true });
  const [chunk] = await once(leader.stdout, "data");
  return { leader, other: Number(String(chunk)) };
}

test("a zombie is not alive", async () => {
  // The program that takes the shell's place does not know of the child, and never waits for it.
  const { leader, other } = await startGroup("true & echo $!; exec sleep 60 >/dev/null");
  await expect.poll(() => isAlive(identityOf(other))).toBe(false);
  expect(identityOf(other).startTime).toBeDefined();
  leader.kill();
  await once(leader, "exit");
});

test("a group is alive as long as one of it is, also without its leader", async () => {
  const { leader, other } = await startGroup("sleep 60 >/dev/null & echo $!; exec sleep 60 >/dev/null");
  const identity = identityOf(leader.pid ?? 0);
  expect(isGroupAlive(identity)).toBe(true);
  expect(isGroupAlive({ ...identity, startTime: "1" })).toBe(false);
  expect(isGroupAlive({ ...identity, bootId: "00000000-0000-0000-0000-000000000000" })).toBe(false);
  leader.kill();
  await once(leader, "exit");
  expect(isAlive(identity)).toBe(false);
  expect(isGroupAlive(identity)).toBe(true);
  process.kill(other);
  await expect.poll(() => isGroupAlive(identity)).toBe(false);
});
