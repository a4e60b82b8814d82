import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { createLockPort, type LockPort } from "../../../src/host/lock-port.ts";
import { ownIdentity } from "../../../src/host/process-info.ts";
import { nameOfKilled, temporaryFolder } from "../../support/host.ts";

let root: string;
let port: LockPort;
const path = "/run/agent.lock";
const dead = JSON.stringify({ pid: 2 ** 22 + 1, startTime: "1", bootId: undefined });

beforeEach(() => {
  root = temporaryFolder();
  port = createLockPort(root);
});

const files = (): string[] => readdirSync(join(root, "run"));

describe("createExclusive", () => {
  test("makes the file once", () => {
    expect(port.read(path)).toBeUndefined();
    expect(port.createExclusive(path, "one")).toBe(true);
    expect(port.createExclusive(path, "two")).toBe(false);
    expect(port.read(path)).toBe("one");
    expect(files()).toEqual(["agent.lock"]);
  });

  test("takes a link that leads nowhere for a file", () => {
    mkdirSync(join(root, "run"));
    symlinkSync("/nowhere", join(root, path));
    expect(port.createExclusive(path, "one")).toBe(false);
    expect(existsSync(join(root, "nowhere"))).toBe(false);
  });

  test("stays in the tree", () => {
    const outside = temporaryFolder();
    symlinkSync(outside, join(root, "run"));
    expect(port.createExclusive(path, "one")).toBe(true);
    expect(readdirSync(outside)).toEqual([]);
    expect(readFileSync(join(root, outside, "agent.lock"), "utf8")).toBe("one");
  });

  test("takes the rest of a killed run away", () => {
    mkdirSync(join(root, "run"));
    writeFileSync(join(root, "run", nameOfKilled()), "");
    port.createExclusive(path, "one");
    expect(files()).toEqual(["agent.lock"]);
  });

  test("tells why the tree cannot be written", () => {
    writeFileSync(join(root, "run"), "");
    expect(() => port.createExclusive(path, "one")).toThrow(
      "cannot lock /run/agent.lock: run on the way to it is not a folder",
    );
  });
});

describe("remove", () => {
  test("removes one's own file only", () => {
    port.createExclusive(path, "mine");
    port.remove(path, "other");
    expect(port.read(path)).toBe("mine");
    port.remove(path, "mine");
    port.remove(path, "mine");
    expect(files()).toEqual([]);
  });
});

describe("takeOver", () => {
  test("replaces what is stale, and only that", () => {
    port.createExclusive(path, "stale");
    expect(port.takeOver(path, "other", "mine")).toBe(false);
    expect(port.read(path)).toBe("stale");
    expect(port.takeOver(path, "stale", "mine")).toBe(true);
    expect(port.read(path)).toBe("mine");
    expect(port.takeOver(path, "stale", "theirs")).toBe(false);
    expect(files()).toEqual(["agent.lock"]);
  });

  test("makes no file where it has gone meanwhile", () => {
    expect(port.takeOver(path, "stale", "mine")).toBe(false);
    expect(port.read(path)).toBeUndefined();
  });

  test("leaves it to another process that is doing it", () => {
    port.createExclusive(path, "stale");
    writeFileSync(join(root, `${path}.guard`), JSON.stringify(ownIdentity()));
    expect(port.takeOver(path, "stale", "mine")).toBe(false);
    expect(port.read(path)).toBe("stale");
  });

  test.each([
    ["dead", dead],
    ["unreadable", "{"],
  ])("goes on where another process was killed at it (%s)", (_, guard) => {
    port.createExclusive(path, "stale");
    writeFileSync(join(root, `${path}.guard`), guard);
    writeFileSync(join(root, `${path}.guard.guard`), guard);
    expect(port.takeOver(path, "stale", "mine")).toBe(true);
    expect(port.read(path)).toBe("mine");
    expect(files()).toEqual(["agent.lock"]);
  });

  test("gives up where there is no end of it", () => {
    port.createExclusive(path, "stale");
    for (let guards = 1; guards <= 5; guards++) writeFileSync(join(root, path + ".guard".repeat(guards)), dead);
    expect(port.takeOver(path, "stale", "mine")).toBe(false);
  });
});

test("the holder is known by more than its id", () => {
  expect(port.isAlive(ownIdentity())).toBe(true);
  expect(port.isAlive({ ...ownIdentity(), startTime: "1" })).toBe(false);
});

test("what a file holds is replaced by its owner only", () => {
  port.createExclusive(path, "mine");
  port.replace(path, "other", "changed");
  expect(port.read(path)).toBe("mine");
  port.replace(path, "mine", "changed");
  expect(port.read(path)).toBe("changed");
});

/** Takes the lock over from a dead process, again and again, and says when two hold it at once. */
const contender = (source: string): string => `
import { createLockPort } from ${JSON.stringify(source)};
import { closeSync, openSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
const [root, path, dead] = process.argv.slice(1);
const port = createLockPort(root);
let held = 0;
const end = performance.now() + 1500;
while (performance.now() < end) {
  const content = "held by " + process.pid;
  const current = port.read(path);
  if (current === undefined ? !port.createExclusive(path, content) : current !== dead || !port.takeOver(path, dead, content)) continue;
  held++;
  closeSync(openSync(root + "/held", "wx"));
  unlinkSync(root + "/held");
  // Half of the time it is left behind as if its holder had died.
  if (held % 2 === 0) port.remove(path, content);
  else {
    writeFileSync(root + "/dead" + process.pid, dead);
    renameSync(root + "/dead" + process.pid, root + path);
  }
}
console.log(held);
`;

test("of many that want it at once, one has it at a time", async () => {
  mkdirSync(join(root, "run"));
  const source = new URL("../../../src/host/lock-port.ts", import.meta.url).pathname;
  const children = [1, 2, 3].map(() =>
    spawn(process.execPath, ["--input-type=module", "-e", contender(source), root, path, dead], { stdio: "pipe" }),
  );
  const results = await Promise.all(
    children.map(async (child) => {
      const output = Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
      const [code] = await once(child, "close");
      const [stdout, stderr] = (await output).map((chunks) => Buffer.concat(chunks).toString());
      return { code, held: Number(stdout), stderr };
    }),
  );
  for (const { code, stderr } of results) expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(results.reduce((sum, { held }) => sum + held, 0)).toBeGreaterThan(20);
});
