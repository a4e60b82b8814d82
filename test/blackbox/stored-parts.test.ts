import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { agentBundle, agentCode } from "../../src/compile/agent-files.ts";
import { codeOptions } from "../../src/compile/code-cache/agent-code.ts";
import { storeParts } from "../../src/compile/code-cache/stored-parts.ts";
import { type ProgramTexts, partOf } from "../../src/compile/launcher.ts";
import { builderNode } from "../../src/compile/runtime.ts";
import { temporaryFolder } from "../support/cli.ts";

const validator = (name: string): string => partOf(`exports.${name} = Object.assign(() => true, { errors: null });`);

/** The agent with an image without contributions. */
const texts: ProgramTexts = {
  agent: readFileSync(agentBundle.agent, "utf8"),
  "agent-offline": readFileSync(agentBundle["agent-offline"], "utf8"),
  "agent-rest": readFileSync(agentBundle["agent-rest"], "utf8"),
  image: partOf(`exports.default = {
  modules: [],
  schema: async () => "{}",
  systemSchema: async () => "{}",
  validators: async () => require("kanod-configure/validators"),
  secrets: async () => ({ configuration: true, boot: true, system: true }),
  manifest: async () => ({ agent: "ü" }),
};`),
  "configuration-validator": validator("configuration"),
  "boot-validator": validator("boot"),
  "system-validator": validator("system"),
};

test("what V8 compiled for a program is accepted by the Node in the agent, and holds no path", async () => {
  const work = temporaryFolder();
  const { assets } = await storeParts(texts, [], { work, withCode: true, signal: undefined });
  const parts = Object.keys(assets).filter((name) => name.endsWith(".cjs"));
  expect(parts.sort()).toEqual(
    Object.keys(texts)
      .map((part) => `${part}.cjs`)
      .sort(),
  );
  // To validate the example needs less than the runs for which the code was made that the package has.
  const [own, stored] = [agentCode.agent, assets["agent.code"] ?? ""].map((file) => statSync(file).size);
  expect(stored).toBeGreaterThanOrEqual(own ?? 0);
  const look = `const { Script } = require("node:vm");
const [file, code] = process.argv.slice(1);
const cachedData = fs.readFileSync(code);
console.log(new Script(fs.readFileSync(file, "utf8"), { filename: "any", cachedData }).cachedDataRejected);`;
  for (const part of parts) {
    const files = [assets[part] ?? "", assets[part.replace("cjs", "code")] ?? ""];
    const { stdout } = await execa(await builderNode(), [...codeOptions, "--eval", look, ...files]);
    expect([part, stdout]).toEqual([part, "false"]);
    for (const file of files) {
      const content = readFileSync(file);
      expect([file, content.includes(work), content.includes(dirname(agentBundle.agent))]).toEqual([
        file,
        false,
        false,
      ]);
    }
  }
});

test("a check that does not come to an end fails the build", async () => {
  const load = 'async () => require("kanod-configure").register("hangs", 1, () => {}, { check: () => { for (;;); } })';
  const image = texts.image.replace(
    "modules: []",
    `modules: [{ element: "bad", file: "kanod/bad.js", load: ${load} }]`,
  );
  const storing = storeParts({ ...texts, image }, [], { work: temporaryFolder(), withCode: true, signal: undefined });
  await expect(storing).rejects.toMatchObject({ problems: [{ code: "check-hangs" }] });
}, 60_000);

test("for another machine no code is stored", async () => {
  const options = { work: temporaryFolder(), withCode: false, signal: undefined };
  const { main, assets } = await storeParts(texts, [], options);
  expect(Object.keys(assets).filter((name) => name.endsWith(".code"))).toEqual([]);
  expect(main).not.toContain(".code");
});
