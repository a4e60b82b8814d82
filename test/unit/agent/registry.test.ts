import { expect, test } from "vitest";
import {
  isStop,
  newRegistry,
  ofThisRun,
  register,
  registerBoot,
  registered,
  registerFrom,
  stopCloudInit,
  templateText,
  withRegistry,
} from "../../../src/agent/registry.ts";

const nothing = (): void => {};

test("contributions run by priority, equal ones in the order of registration", async () => {
  await registerFrom({ element: "b", file: "kanod/b.ts" }, async () => {
    register("late", 20, nothing);
    register("first of ten", 10, nothing);
  });
  await registerFrom({ element: "a", file: "kanod/a.ts" }, async () => {
    register("second of ten", 10, nothing);
    register("early", -1.5, nothing);
  });
  expect(registered("run").map(({ name }) => name)).toEqual(["early", "first of ten", "second of ten", "late"]);
  expect(registered("run")[1]).toMatchObject({ element: "b", file: "kanod/b.ts", stage: "run" });
});

test("the stages are apart: one name may stand in both", () => {
  register("both", 1, nothing);
  registerBoot("both", 2, nothing);
  expect(registered("boot").map(({ name, priority }) => [name, priority])).toEqual([["both", 2]]);
});

test("a second contribution of one stage and name is refused, naming both files", async () => {
  await registerFrom({ element: "one", file: "kanod/one.ts" }, async () => register("twice", 1, nothing));
  const again = registerFrom({ element: "two", file: "kanod/two.ts" }, async () => register("twice", 1, nothing));
  await expect(again).rejects.toMatchObject({
    code: "duplicate-contribution",
    message: expect.stringMatching(/one.*kanod\/two\.ts/),
  });
});

test("the registry is found by another copy of the module", async () => {
  const copy = (await import(
    /* @vite-ignore */ `${new URL("../../../src/agent/registry.ts", import.meta.url).href}?copy`
  )) as {
    register: typeof register;
    stopCloudInit: typeof stopCloudInit;
  };
  expect(copy.register).not.toBe(register);
  copy.register("from a copy", 1, nothing);
  expect(registered("run").some(({ name }) => name === "from a copy")).toBe(true);
  const stop = catchError(() => copy.stopCloudInit("enough"));
  expect(isStop(stop)).toBe(true);
});

test.each([
  ["an empty name", () => register(" ", 1, nothing)],
  ["a name that is no string", () => register(1 as never, 1, nothing)],
  ["a priority that is no number", () => register("x", "1" as never, nothing)],
  ["a priority that is not finite", () => register("x", Number.NaN, nothing)],
  ["code that is no function", () => register("x", 1, "code" as never)],
  ["options that are no object", () => register("x", 1, nothing, null as never)],
  ["an unknown frequency", () => register("x", 1, nothing, { frequency: "often" as never })],
  ["an unknown onFailure", () => register("x", 1, nothing, { onFailure: "ignore" as never })],
  ["a timeout of zero", () => register("x", 1, nothing, { timeout: 0 })],
  ["a timeout that is no number", () => register("x", 1, nothing, { timeout: "1h" as never })],
])("refused: %s", (_, attempt) => {
  expect(catchError(attempt)).toMatchObject({ code: "bad-registration" });
  expect(registered("run").some(({ name }) => name === "x")).toBe(false);
});

test("how many contributions a module registers is known, also after one failed", async () => {
  expect(await registerFrom({ element: "e", file: "f" }, async () => {})).toBe(0);
  await expect(registerFrom({ element: "e", file: "f" }, () => Promise.reject(new Error("broken")))).rejects.toThrow(
    "broken",
  );
  register("outside of a module", 1, nothing);
  expect(registered("run").find(({ name }) => name === "outside of a module")).toMatchObject({ element: "", file: "" });
});

test("templates come from whom provides them", async () => {
  expect(await templateText("a.tmpl")).toBeUndefined();
  const registry = newRegistry(async (name) => (name === "a.tmpl" ? "text" : undefined));
  expect(await withRegistry(registry, () => templateText("a.tmpl"))).toBe("text");
});

test("two runs at one time see nothing of each other, also after they waited", async () => {
  const seen = await Promise.all(
    ["one", "two"].map((name) =>
      withRegistry(newRegistry(), async () => {
        register(name, 1, nothing);
        ofThisRun("kept", () => name);
        await new Promise((resolve) => setTimeout(resolve, 5));
        return [registered("run").map((contribution) => contribution.name), ofThisRun("kept", () => "")];
      }),
    ),
  );
  expect(seen).toEqual([
    [["one"], "one"],
    [["two"], "two"],
  ]);
  expect(registered("run").some(({ name }) => name === "one")).toBe(false);
});

test("a stop is told from an error", () => {
  expect(catchError(() => stopCloudInit("reason"))).toMatchObject({ message: "reason" });
  expect(isStop(catchError(() => stopCloudInit()))).toBe(true);
  expect(isStop(new Error("KanodStop"))).toBe(false);
  expect(isStop("KanodStop")).toBe(false);
});

function catchError(code: () => unknown): unknown {
  try {
    code();
  } catch (error) {
    return error;
  }
  return undefined;
}
