import { expect, test } from "vitest";
import { acquireLock, lockPath } from "../../../src/agent/lock.ts";
import type { LockPort } from "../../../src/host/lock-port.ts";

/** A lock's port on one variable. `alive` are the processes that there are. */
function memoryPort(
  content: string | undefined,
  alive: readonly string[],
  races: { lost?: boolean; gone?: boolean } = {},
) {
  const state = { content };
  const port: LockPort = {
    read: (path) => (path === lockPath && races.gone !== true ? state.content : undefined),
    createExclusive: (_, own) => {
      if (state.content !== undefined) {
        if (races.gone === true) state.content = undefined;
        return false;
      }
      state.content = own;
      return true;
    },
    takeOver: (_, stale, own) => {
      if (races.lost === true || state.content !== stale) return false;
      state.content = own;
      return true;
    },
    remove: (_, own) => {
      if (state.content === own) state.content = undefined;
    },
    replace: (_, own, content) => {
      if (state.content === own) state.content = content;
    },
    isAlive: ({ pid, startTime }) => alive.includes(`${pid}/${startTime}`),
    isGroupAlive: ({ pid, startTime }) => alive.includes(`group ${pid}/${startTime}`),
  };
  return { port, state };
}

const own = { pid: 7, startTime: "70", bootId: "b" };
const other = JSON.stringify({ pid: 5, startTime: "50", bootId: "b" });

test("a lock is taken and given back", () => {
  const { port, state } = memoryPort(undefined, []);
  const lock = acquireLock(port, own);
  expect(JSON.parse(state.content ?? "")).toEqual(own);
  lock.release();
  expect(state.content).toBeUndefined();
});

test("a lock that is held is refused with exit code 4, naming the holder", () => {
  const { port, state } = memoryPort(other, ["5/50"]);
  expect(() => acquireLock(port, own)).toThrow(
    expect.objectContaining({ code: "locked", exitCode: 4, message: expect.stringContaining("process 5") }),
  );
  expect(state.content).toBe(other);
});

test.each([
  ["its process has ended", other, []],
  ["its process id belongs to another process", other, ["5/51"]],
  ["it is damaged", "{", []],
  ["it is empty", "", []],
  ["it is something else", "null", []],
])("a stale lock is taken over: %s", (_, content, alive) => {
  const { port, state } = memoryPort(content, alive);
  const lock = acquireLock(port, own);
  expect(JSON.parse(state.content ?? "")).toEqual(own);
  lock.release();
  expect(state.content).toBeUndefined();
});

test("of two that take a stale lock over, one is refused", () => {
  const { port } = memoryPort(other, [], { lost: true });
  expect(() => acquireLock(port, own)).toThrow(expect.objectContaining({ code: "locked" }));
});

test("a lock that is given back while it is looked at is free", () => {
  const { port, state } = memoryPort(other, [], { gone: true });
  acquireLock(port, own);
  expect(JSON.parse(state.content ?? "")).toEqual(own);
});

test("a lock is held, too, by a command that the killed holder ran", () => {
  const { port, state } = memoryPort(undefined, []);
  const lock = acquireLock(port, { pid: 5, startTime: "50", bootId: "b" });
  const ended = lock.hold({ pid: 6, startTime: "60", bootId: "b" });
  const killed = state.content;
  expect(() => acquireLock(memoryPort(killed, ["group 6/60"]).port, own)).toThrow(
    expect.objectContaining({ code: "locked", message: expect.stringContaining("process group 6") }),
  );
  acquireLock(memoryPort(killed, ["group 6/61"]).port, own).release();
  ended();
  acquireLock(memoryPort(state.content, ["group 6/60"]).port, own).release();
  lock.release();
  expect(state.content).toBeUndefined();
});
