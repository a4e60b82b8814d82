import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { register } from "../../../src/agent/registry.ts";
import { main } from "../../../src/cli/main.ts";
import { temporaryFolder, testIo } from "../../support/cli.ts";
import { testImage } from "../../support/image.ts";

let root = "";
const seen: string[][] = [];

/** As a kill at this moment would leave it. */
function look(): void {
  const { runs } = JSON.parse(readFileSync(join(root, "var/lib/kanod-configure/state.json"), "utf8"));
  const records: { name: string; state: string }[] = runs.at(-1).contributions;
  seen.push(records.map(({ name, state }) => `${name} ${state}`));
}

const load = async (): Promise<void> => {
  register("first", 1, look);
  register("second", 2, look);
};
const image = testImage({ modules: [{ element: "e", file: "kanod/e.ts", load }] });

test("the names of all contributions, and which one runs, are on disk before its code runs", async () => {
  root = temporaryFolder();
  mkdirSync(join(root, "etc/kanod-configure"), { recursive: true });
  writeFileSync(join(root, "etc/kanod-configure/configuration.yaml"), "name: one\n");
  expect(await main(testIo(["kanod-runcmd", "--root", root]).io, image)).toBe(0);
  expect(seen).toEqual([
    ["first running", "second pending"],
    ["first done", "second running"],
  ]);
});
