import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { currentRegistry, register, registered } from "../../../src/agent/registry.ts";
import { loadContributions } from "../../../src/agent/stage.ts";
import { main } from "../../../src/cli/main.ts";
import { temporaryFolder, testIo } from "../../support/cli.ts";
import { contribution, runner } from "../../support/contributions.ts";
import { testImage } from "../../support/image.ts";

declare module "../../../src/agent/contribution.ts" {
  interface Provided {
    inventory: readonly string[];
    clock: { now(): number };
  }
}

test("what any element provides, later contributions need by its key, and get as a parameter", async () => {
  const seen: unknown[] = [];
  const make = vi.fn(() => ({ now: () => 7 }));
  const gives = contribution("gives", ({ provide }) => provide({ inventory: ["disk"], clock: make }));
  const needs = contribution("needs", (params) => {
    seen.push(params.need("inventory"), params.inventory, params.need("clock").now(), params.clock?.now());
  });
  const indifferent = contribution("indifferent", () => {});
  const { failures } = await runner([gives, needs, indifferent]).run();
  expect(failures).toEqual([]);
  expect(seen).toEqual([["disk"], ["disk"], 7, 7]);
  expect(make).toHaveBeenCalledOnce();
});

test("a value may be provided again, but not in the place of another parameter", async () => {
  const seen: unknown[] = [];
  const gives = (value: string) => contribution(`gives ${value}`, ({ provide }) => provide({ inventory: [value] }));
  const bad = contribution("bad", ({ provide }) => provide({ host: "other" } as never));
  const looks = contribution("looks", ({ inventory }) => void seen.push(inventory));
  const { failures } = await runner([gives("one"), gives("two"), looks, bad]).run();
  expect(seen).toEqual([["two"]]);
  expect(failures).toMatchObject([{ contribution: { name: "bad" }, error: { code: "bad-provide" } }]);
});

test("what nobody provided is an error that names it", async () => {
  const needs = contribution("needs", ({ need }) => void need("inventory"));
  const { failures } = await runner([needs]).run();
  expect(failures).toMatchObject([{ error: { code: "not-provided", message: expect.stringContaining("inventory") } }]);
});

const seen: unknown[] = [];
let fails = true;
const image = testImage({
  modules: [
    {
      element: "gives",
      file: "kanod/gives.ts",
      load: async () => {
        register("gives", 10, ({ conf, provide }) => provide({ conf: { ...conf, name: "given" }, inventory: ["a"] }));
        register("fails", 20, ({ conf, inventory }) => {
          seen.push([conf.name, inventory]);
          if (fails) throw new Error("not yet");
        });
      },
    },
  ],
});

test("a resumed run has all that the run before it provided", async () => {
  const root = temporaryFolder();
  mkdirSync(join(root, "etc/kanod-configure"), { recursive: true });
  writeFileSync(join(root, "etc/kanod-configure/configuration.yaml"), "name: own\n");
  expect(await main(testIo(["kanod-runcmd", "--root", root]).io, image)).toBe(1);
  fails = false;
  expect(await main(testIo(["kanod-runcmd", "--root", root, "--resume"]).io, image)).toBe(0);
  expect(seen).toEqual([
    ["given", ["a"]],
    ["given", ["a"]],
  ]);
});

test("the contributions of an image are its own, in every run", async () => {
  const other = testImage({
    modules: [{ element: "other", file: "kanod/o.ts", load: async () => register("other", 1, () => {}) }],
  });
  const names = async (of: typeof image): Promise<string[]> =>
    registered("run", await loadContributions(of)).map(({ name }) => name);
  expect(await names(other)).toEqual(["other"]);
  expect(await names(image)).toEqual(["gives", "fails"]);
  expect(await names(other)).toEqual(["other"]);
  expect(currentRegistry().contributions).toEqual([]);
});

test("modules that cannot be imported fail every run, not only the first", async () => {
  const broken = testImage({
    modules: [{ element: "broken", file: "kanod/b.ts", load: () => Promise.reject(new Error("no")) }],
  });
  await expect(loadContributions(broken)).rejects.toMatchObject({ code: "import-failed" });
  await expect(loadContributions(broken)).rejects.toMatchObject({ code: "import-failed" });
});
