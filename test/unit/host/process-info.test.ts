import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { bootId, isAlive, ownIdentity, processStartTime } from "../../../src/host/process-info.ts";

test("the boot id is the kernel's", () => {
  expect(bootId()).toBe(readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
});

test("the start time is field 22 of stat, whatever the program is called", async () => {
  const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  // The shell takes the name of the file that it runs as its own: blanks and parentheses stand in front of the field.
  const child = spawn("sh", ["-c", "printf ') 1 (x' > /proc/$$/comm; echo; read wait"], { stdio: "pipe" });
  await once(child.stdout, "data");
  const started = Number(processStartTime(child.pid ?? 0));
  expect(readFileSync(`/proc/${child.pid}/stat`, "utf8")).toContain("() 1 (x)");
  // In clock ticks, of which Linux tells programs 100 a second.
  expect(Math.abs(started / 100 - uptime)).toBeLessThan(60);
  child.kill();
  await once(child, "close");
  expect(processStartTime(child.pid ?? 0)).toBeUndefined();
});

test("this process is alive, and another one with its id is not it", () => {
  const own = ownIdentity();
  expect(own.pid).toBe(process.pid);
  expect(own.startTime).toBe(processStartTime(process.pid));
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
  const identity = { pid: child.pid ?? 0, startTime: processStartTime(child.pid ?? 0), bootId: bootId() };
  await once(child, "close");
  expect(isAlive(identity)).toBe(false);
});
