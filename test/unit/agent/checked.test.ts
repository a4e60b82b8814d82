import { expect, expectTypeOf, test, vi } from "vitest";
import type { Checked, CheckParams, Contribution } from "../../../src/agent/contribution.ts";
import { newRegistry, register, registered, withRegistry } from "../../../src/agent/registry.ts";
import { contribution, runner } from "../../support/contributions.ts";

const fault = { severity: "error", code: "bad-name", pointer: "/name", message: "it is bad" } as const;

function parseName({ conf }: CheckParams): Checked<{ upper: string }> {
  const name = String(conf.name);
  return { findings: name === "bad" ? [fault] : [], parsed: { upper: name.toUpperCase() } };
}

function only(add: () => void): Contribution {
  const registry = newRegistry();
  withRegistry(registry, add);
  return registered("run", registry)[0] as Contribution;
}

test("code gets what the check parsed, with its type", async () => {
  const seen: unknown[] = [];
  const looks = only(() => {
    register(
      "looks",
      1,
      ({ parsed }) => {
        expectTypeOf(parsed).toEqualTypeOf<{ upper: string }>();
        seen.push(parsed);
      },
      { check: parseName },
    );
  });
  await runner([looks], { conf: { name: "one" } as never }).run();
  expect(seen).toEqual([{ upper: "ONE" }]);
});

test("without a result of the check there is nothing parsed", () => {
  register("plain", 1, ({ parsed }) => void expectTypeOf(parsed).toEqualTypeOf<undefined>(), { check: () => [] });
});

test("the check runs again on another configuration, and only then", async () => {
  const seen: unknown[] = [];
  const check = vi.fn(parseName);
  const conf = { name: "one" } as never;
  const looks = (name: string): Contribution =>
    contribution(name, ({ parsed }) => void seen.push(parsed), { options: { check: check as never } });
  const [first, second] = [looks("first"), looks("second")];
  const gives = contribution("gives", ({ conf: { ...rest }, provide }) => provide({ conf: { ...rest, name: "two" } }));
  const before = { findings: [], parsed: "from before" };
  const checked = new Map([first, second].map((one) => [one, before]));
  await runner([first, gives, second], { conf, checked, minPriority: 5 }).run();
  expect(seen).toEqual(["from before", { upper: "TWO" }]);
  expect(check).toHaveBeenCalledOnce();
  expect(check.mock.calls[0]?.[0]).toMatchObject({ minPriority: 5, now: expect.any(Date) });
});

test("an error in a provided configuration fails the contribution before it does anything", async () => {
  const code = vi.fn();
  const gives = contribution("gives", ({ provide }) => provide({ conf: { name: "bad" } as never }));
  const fails = contribution("fails", code, { options: { check: parseName as never } });
  const { failures } = await runner([gives, fails]).run();
  expect(failures).toMatchObject([
    { contribution: { name: "fails" }, error: { code: "bad-name", message: "name: it is bad", findings: [fault] } },
  ]);
  expect(code).not.toHaveBeenCalled();
});

test("conf and system cannot be changed, and what was provided cannot either", async () => {
  const change = contribution("change", ({ conf, system }) => {
    const values = conf as unknown as { list: string[] };
    expect(() => values.list.push("b")).toThrow(TypeError);
    expect(() => Object.assign(values, { name: "x" })).toThrow(TypeError);
    expect(() => Object.assign(system["part"] as object, { key: 2 })).toThrow(TypeError);
  });
  const gives = contribution("gives", ({ provide }) => {
    provide({ conf: Object.freeze({ name: "two", list: ["a"] }) as never });
  });
  const { failures } = await runner([change, gives, { ...change, name: "again" }], {
    conf: { name: "one", list: ["a"] } as never,
    system: { part: { key: 1 } },
  }).run();
  expect(failures).toEqual([]);
});
