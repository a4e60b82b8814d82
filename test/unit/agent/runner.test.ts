import { expect, test, vi } from "vitest";
import type { Contribution, ContributionRecord, OwedActions, RunnableParams } from "../../../src/agent/contribution.ts";
import { failureText } from "../../../src/agent/failure.ts";
import { stopCloudInit } from "../../../src/agent/registry.ts";
import type { RunnerOptions } from "../../../src/agent/runner.ts";
import { Stores, storeName } from "../../../src/agent/store.ts";
import { AgentError } from "../../../src/config/agent-error.ts";
import { recordingHost } from "../../../src/host/recording-host.ts";
import { contribution, memoryLog, runner } from "../../support/contributions.ts";

const states = (records: readonly ContributionRecord[]): string[] => records.map(({ state }) => state);

test("contributions run one after the other, also asynchronous ones", async () => {
  const order: string[] = [];
  const slow = contribution("slow", async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    order.push("slow");
  });
  const fast = contribution("fast", () => void order.push("fast"));
  const { result, failures } = await runner([slow, fast]).run();
  expect(order).toEqual(["slow", "fast"]);
  expect(result.state).toBe("done");
  expect(states(result.contributions)).toEqual(["done", "done"]);
  expect(result.contributions[0]?.duration).toBeGreaterThanOrEqual(0.015);
  expect(failures).toEqual([]);
});

test("a stop ends the run without an error", async () => {
  const after = vi.fn();
  const { log, events } = memoryLog();
  const { result, failures } = await runner(
    [contribution("stops", () => stopCloudInit("enough")), contribution("after", after)],
    { log },
  ).run();
  expect(result.state).toBe("stopped");
  expect(states(result.contributions)).toEqual(["stopped", "pending"]);
  expect(failures).toEqual([]);
  expect(after).not.toHaveBeenCalled();
  expect(events.some(({ message }) => message.includes("enough"))).toBe(true);
});

test("a failure ends the run", async () => {
  const after = vi.fn();
  const fails = contribution("fails", async ({ host }) => {
    await host.writeFile("/etc/last", "");
    throw new AgentError("some-code", "what happened");
  });
  const { result, failures } = await runner([fails, contribution("after", after)]).run();
  expect(result.state).toBe("failed");
  expect(states(result.contributions)).toEqual(["failed", "pending"]);
  expect(result.contributions[0]?.error).toEqual({ code: "some-code", message: "what happened" });
  expect(failures).toMatchObject([{ contribution: { name: "fails" }, operation: "write /etc/last" }]);
  expect(after).not.toHaveBeenCalled();
});

test("with onFailure continue the later ones run, and the run has failed all the same", async () => {
  const after = vi.fn();
  const fails = contribution("fails", () => Promise.reject(new Error("broken")), {
    options: { onFailure: "continue" },
  });
  const { result, failures } = await runner([fails, contribution("after", after)]).run();
  expect(result.state).toBe("failed");
  expect(states(result.contributions)).toEqual(["failed", "done"]);
  expect(failures).toHaveLength(1);
  expect(after).toHaveBeenCalledOnce();
});

test("a stop after a tolerated failure does not hide the failure", async () => {
  const fails = contribution("fails", () => Promise.reject(new Error("broken")), {
    options: { onFailure: "continue" },
  });
  const { result } = await runner([fails, contribution("stops", () => stopCloudInit())]).run();
  expect(result.state).toBe("failed");
});

test("an error that is cut off shows no part of a secret", async () => {
  const { log } = memoryLog();
  log.addSecret("s".repeat(300));
  const throws = contribution("throws", () => Promise.reject(new Error(`${"x".repeat(1900)}${"s".repeat(300)}`)));
  const { result, failures } = await runner([throws], { log }).run();
  const block = failures.map((failure) => failureText(failure, { program: "p", notRun: [], log }).details.join());
  for (const text of [...block, result.contributions[0]?.error?.message]) {
    expect(text).toContain("xxx***");
    expect(text).not.toContain("ss");
  }
});

test.each([
  ["an Error", new TypeError("wrong"), "exception", "TypeError: wrong"],
  ["a string", "just text", "exception", 'something that is no Error was thrown: "just text"'],
  ["undefined", undefined, "exception", "something that is no Error was thrown: undefined"],
  ["a long string", "x".repeat(5000), "exception", /x{1000}…$/],
  ["a long message", new Error("x".repeat(5000)), "exception", /^Error: x{1000,2000}…$/],
  ["what cannot be shown", Object.create(null), "exception", "something was thrown that cannot be shown"],
])("thrown: %s", async (_, thrown, code, message) => {
  const throws = contribution("throws", () => {
    throw thrown;
  });
  const { result } = await runner([throws]).run();
  expect(result.contributions[0]?.error?.code).toBe(code);
  expect(result.contributions[0]?.error?.message).toEqual(
    typeof message === "string" ? message : expect.stringMatching(message),
  );
});

test("one that never settles ends at its deadline, and its commands with it", async () => {
  let aborted: AbortSignal | undefined;
  const host = recordingHost({});
  const waits = contribution("waits", () => new Promise(() => {}), { options: { timeout: 0.05 } });
  const { failures, result } = await runner([waits], {
    host: (_, signal) => {
      aborted = signal;
      return host;
    },
  }).run();
  expect(result.contributions[0]?.error).toEqual({
    code: "contribution-timeout",
    message: "did not finish within 0.05 s",
  });
  expect(failures).toHaveLength(1);
  expect(aborted?.aborted).toBe(true);
});

test("what was given up cannot go on changing the machine", async () => {
  let late: Promise<unknown> | undefined;
  const host = recordingHost({});
  const slow = contribution(
    "slow",
    async (params) => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      late = Promise.resolve().then(() => params.host.writeFile("/etc/late", ""));
      late.catch(() => {});
    },
    { options: { timeout: 0.02, onFailure: "continue" } },
  );
  const wait = contribution("wait", () => new Promise((resolve) => setTimeout(resolve, 100)));
  await runner([slow, wait], { host: () => host }).run();
  await expect(late).rejects.toMatchObject({ code: "contribution-over" });
  expect(host.steps).toEqual([]);
});

test("a signal interrupts the contribution that runs and leaves out the others", async () => {
  const controller = new AbortController();
  const waits = contribution("waits", () => new Promise(() => void setTimeout(() => controller.abort("SIGTERM"), 10)));
  const { result, failures } = await runner([waits, contribution("after", () => {})], {
    signal: controller.signal,
  }).run();
  expect(result.state).toBe("interrupted");
  expect(states(result.contributions)).toEqual(["interrupted", "pending"]);
  expect(failures).toEqual([]);
});

test("a signal between two contributions is noticed", async () => {
  const controller = new AbortController();
  const { result } = await runner(
    [contribution("aborts", () => controller.abort("SIGINT")), contribution("after", () => {})],
    { signal: controller.signal },
  ).run();
  expect(result.state).toBe("interrupted");
  expect(result.contributions[1]?.state).toBe("pending");
});

test("an error that nobody waited for fails the contribution that runs", async () => {
  const controller = new AbortController();
  const lost = new RangeError("lost");
  const waits = contribution("waits", () => new Promise(() => void setTimeout(() => controller.abort(lost), 10)));
  const { result, failures } = await runner([waits], { signal: controller.signal }).run();
  expect(result.state).toBe("failed");
  expect(failures[0]?.error).toBe(lost);
});

test("skipped contributions say why and do not run", async () => {
  const code = vi.fn();
  const { log, events } = memoryLog();
  const { result } = await runner([contribution("settled", code)], { skip: () => "done before", log }).run();
  expect(states(result.contributions)).toEqual(["skipped"]);
  expect(code).not.toHaveBeenCalled();
  expect(events).toMatchObject([{ contribution: "settled", message: "skipped: done before", event: "skipped" }]);
});

test("a contribution counts as succeeded only once it is done", async () => {
  const succeeded: string[] = [];
  const list = [
    contribution("good", () => {}),
    contribution("bad", () => Promise.reject(new Error("x")), { options: { onFailure: "continue" } }),
    contribution("stops", () => stopCloudInit()),
  ];
  await runner(list, { onSuccess: async ({ name }) => void succeeded.push(name) }).run();
  expect(succeeded).toEqual(["good"]);
});

test("each state is told before the next step begins", async () => {
  const seen: string[] = [];
  const list = [
    contribution("one", () => void seen.push("run one")),
    contribution("two", () => void seen.push("run two")),
  ];
  await runner(list, { onChange: async (records) => void seen.push(states(records).join(" ")) }).run();
  expect(seen).toEqual(["running pending", "run one", "done running", "run two", "done done"]);
});

test("what one provides, later ones get", async () => {
  const vault = { read: vi.fn(), issue: vi.fn(), resolve: vi.fn() };
  const seen: RunnableParams[] = [];
  const look = contribution("look", (params) => void seen.push(params));
  const gives = contribution("gives", ({ provide }) => provide({ conf: { name: "other" } as never, vault }));
  const { result } = await runner([look, gives, { ...look, name: "look again" }], {
    conf: { name: "one" } as never,
  }).run();
  expect(seen.map(({ conf }) => conf)).toEqual([{ name: "one" }, { name: "other" }]);
  expect(seen.map((params) => params.vault)).toEqual([undefined, vault]);
  expect(result.contributions.map(({ provides }) => provides)).toEqual([undefined, true, undefined]);
});

test("deferred code runs at the end, the last first, whatever the outcome, and its failure is a warning", async () => {
  const order: string[] = [];
  const { log, events } = memoryLog();
  const host = recordingHost({});
  const defers = contribution("defers", ({ defer }) => {
    defer("first", async (result, own) => {
      order.push(`first ${result.state}`);
      await own.writeFile("/var/report", "x");
    });
    defer("second", () => {
      order.push("second");
      throw new Error("too late");
    });
  });
  const fails = contribution("fails", () => Promise.reject(new Error("x")));
  const { result } = await runner([defers, fails], { log, host: () => host }).run();
  expect(order).toEqual(["second", "first failed"]);
  expect(result.state).toBe("failed");
  expect(host.steps).toMatchObject([{ kind: "write", path: "/var/report" }]);
  expect(events.filter(({ level }) => level === "warn").map(({ message }) => message)).toContainEqual(
    expect.stringContaining("second at the end of the run failed: Error: too late"),
  );
});

test("the stack of an unexpected error is in the log's details", async () => {
  const { log, events } = memoryLog();
  await runner([contribution("fails", () => Promise.reject(new Error("x")))], { log }).run();
  expect(events.some(({ level, message }) => level === "debug" && message.includes("runner.test.ts"))).toBe(true);
});

/** A contribution that owes what `kinds` can do, and a runner of it whose store lies on `host`. */
function owing(kinds: OwedActions, code: Contribution["code"] = () => {}) {
  const host = recordingHost({});
  const stores = new Stores({ known: [], onStored: () => {} });
  const { log, events } = memoryLog();
  const owed = contribution("owed", code, { options: { owed: kinds } });
  const store = stores.open("test", host, log);
  const others = [contribution("first", () => {}, { element: "other" }), owed];
  const run = (given: Partial<RunnerOptions> = {}) => {
    return runner(others, {
      host: () => host,
      store: (of, its, on = host) => stores.open(storeName(of), on, its),
      log,
      ...given,
    });
  };
  return { store, run, events, host };
}

test("what is owed is done before the first contribution runs, and crossed off", async () => {
  const done: unknown[] = [];
  const { store, run, events } = owing({ restart: (_, action) => void done.push(action) });
  await store.owe("restart:a.service", { since: 1 });
  await store.owe("unknown", 1);
  const { result } = await run({ skip: () => "done once" }).run();
  expect(done).toEqual([{ key: "restart:a.service", data: { since: 1 } }]);
  expect(events[0]).toMatchObject({ event: "owed", contribution: "owed" });
  expect(states(result.contributions)).toEqual(["skipped", "skipped"]);
  expect(await store.owed()).toEqual([{ key: "unknown", data: 1 }]);
});

test("what cannot be done stays owed, and its contribution fails, also when it would be skipped", async () => {
  for (const skip of [() => undefined, () => "done once"]) {
    const code = vi.fn();
    const { store, run } = owing({ restart: () => Promise.reject(new AgentError("no-luck", "no")) }, code);
    await store.owe("restart:a.service");
    const { result, failures } = await run({ skip: ({ name }) => (name === "owed" ? skip() : undefined) }).run();
    expect(states(result.contributions)).toEqual(["done", "failed"]);
    expect(failures).toMatchObject([{ error: { code: "no-luck" } }]);
    expect(code).toHaveBeenCalledTimes(skip() === undefined ? 1 : 0);
    expect(await store.owed()).toHaveLength(1);
  }
});

test("a contribution may settle what could not be done before it", async () => {
  const { store, run } = owing({ restart: () => Promise.reject(new Error("no")) }, (params) =>
    params.store.settle("restart:a.service"),
  );
  await store.owe("restart:a.service");
  expect((await run().run()).result.state).toBe("done");
});

test("a contribution that ends and still owes something has failed", async () => {
  const { run, store } = owing({ restart: () => {} }, (params) => params.store.owe("restart:a.service"));
  const { failures } = await run().run();
  expect(failures).toMatchObject([{ error: { code: "still-owed" } }]);
  expect((await store.owed()).map(({ key }) => key)).toEqual(["restart:a.service"]);
});
