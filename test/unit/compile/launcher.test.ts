import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import {
  agentProgram,
  bundledParts,
  launcher,
  type ProgramTexts,
  packagedProgram,
  partOf,
  separateParts,
  trialProgram,
} from "../../../src/compile/launcher.ts";
import { temporaryFolder } from "../../support/cli.ts";

/** An agent that imports all modules of its image, and says what it was given. */
const agent = `const name = "agent's own";
exports.registered = [];
exports.runAgent = async ({ modules }, options) => {
  for (const { load } of modules) await load();
  console.log(JSON.stringify({ registered: exports.registered, options, args: process.argv.slice(2), name }));
};`;
const noModules = "() => ({})";
/** A program of an agent and an image, which are texts of modules, and other parts. */
const parts = (agentText: string, imageText: string, others: Partial<ProgramTexts> = {}): string => {
  const own = { agent: partOf(agentText), image: partOf(imageText) };
  const texts = { "agent-offline": noModules, "agent-rest": noModules, ...validators, ...own, ...others };
  return bundledParts((part) => texts[part]);
};
const image = `const name = "image's own";
const kanod = require("kanod-configure");
module.exports.default = {
  modules: ["one", "two"].map((each) => ({ load: async () => kanod.registered.push(each, name, typeof require("node:fs").readFileSync) })),
};`;
const notAskedFor = partOf('throw new Error("not asked for");');
const validators = {
  "configuration-validator": partOf("exports.configuration = () => true;"),
  "boot-validator": notAskedFor,
  "system-validator": notAskedFor,
};
const registered = ["one", "image's own", "function", "two", "image's own", "function"];

async function run(text: string, ...args: string[]): Promise<{ folder: string; said: unknown }> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "program.cjs"), text);
  const { stdout } = await execa(process.execPath, [join(folder, "program.cjs"), ...args]);
  return { folder, said: JSON.parse(stdout) };
}

test("the parts are joined to one program: the image's part imports the agent's, and neither sees the other's names", async () => {
  const { said } = await run(agentProgram(parts(agent, image), true), "x");
  expect(said).toEqual({ registered, options: { program: process.execPath }, args: ["x"], name: "agent's own" });
});

test("other modules of the agent are looked for in the second part, then in the third, each loaded once", async () => {
  const asking = `
exports.runAgent = async () => console.log(JSON.stringify([others[1](1, 2), others[1](3, 4), [...globalThis.loaded], others[2](), globalThis.loaded]));`;
  const loading = (name: string, modules: string): string => `((require) => {
  (globalThis.loaded ??= []).push("${name}");
  return { ${modules} };
})`;
  const sum = '1: (one, other) => require("node:path").join(String(one), String(other))';
  const program = parts("", "", {
    agent: `((module, exports, require, __dirname, others) => {${asking}})`,
    "agent-offline": loading("offline", sum),
    "agent-rest": loading("rest", "2: () => 5"),
  });
  const { said } = await run(agentProgram(program, true));
  expect(said).toEqual(["1/2", "3/4", ["offline"], 5, ["offline", "rest"]]);
});

test("a validator is evaluated when it is asked for, and once", async () => {
  const asking = `
exports.runAgent = async (image) => {
  const validators = await image.validators();
  console.log(JSON.stringify([validators.configuration === validators.configuration, validators.configuration({}), globalThis.count]));
};`;
  const asked = 'module.exports.default = { validators: async () => require("kanod-configure/validators") };';
  const counting = "globalThis.count = (globalThis.count ?? 0) + 1; exports.configuration = () => true;";
  const program = parts(asking, asked, { "configuration-validator": partOf(counting) });
  const { said } = await run(agentProgram(program, true));
  expect(said).toEqual([true, true, 1]);
});

test("a program of the package finds its parts beside it, and takes another agent for the bundled one", () => {
  const folder = temporaryFolder();
  const modules = { agent: "exports.name = 'bundled';", image: "exports.default = require('kanod-configure').name;" };
  for (const [part, text] of Object.entries(modules)) writeFileSync(join(folder, `${part}.cjs`), partOf(text));
  writeFileSync(join(folder, "program.cjs"), packagedProgram());
  const program = createRequire(import.meta.url)(join(folder, "program.cjs")) as (given?: object) => object;
  expect(program()).toEqual({ agent: { name: "bundled" }, image: "bundled" });
  expect(program({ name: "given" })).toEqual({ agent: { name: "given" }, image: "given" });
});

test("the parts can stay in files of their own", async () => {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, "agent.mjs"),
    "export const runAgent = async (image) => console.log(JSON.stringify(image));",
  );
  writeFileSync(join(folder, "image.mjs"), "export default { modules: 3 };");
  writeFileSync(join(folder, "main.cjs"), agentProgram(separateParts("./agent.mjs", "./image.mjs"), false));
  const { stdout } = await execa(process.execPath, [join(folder, "main.cjs")]);
  expect(JSON.parse(stdout)).toEqual({ modules: 3 });
});

test("what the image's part imports of Node is loaded when it is used, and looks like the module", async () => {
  const looking = `const crypto = require("node:crypto");
const before = process.moduleLoadList.includes("NativeModule crypto");
const stream = require("node:stream");
class Own extends stream {}
module.exports.default = { modules: [{ load: async () => require("kanod-configure").registered.push(
  before, "randomBytes" in crypto, typeof crypto.randomBytes, Object.keys(crypto).includes("randomBytes"),
  typeof { ...crypto }.createHash, new Own() instanceof stream,
) }] };`;
  const { said } = await run(agentProgram(parts(agent, looking), false));
  expect(said).toMatchObject({ registered: [false, true, "function", true, "function", true] });
});

test("a trial writes down which module it imports", async () => {
  const trace = join(temporaryFolder(), "trace");
  const { said } = await run(trialProgram(parts(agent, image)), "x", trace);
  expect(said).toMatchObject({ registered, args: ["x"] });
  expect(readFileSync(trace, "utf8")).toBe("0 begins\n0 ends\n1 begins\n1 ends\n");
});

/** A folder with the launcher and a program that says how it was started. */
function launchable(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "kanod-configure"), launcher("main.cjs"), { mode: 0o755 });
  writeFileSync(
    join(folder, "main.cjs"),
    "console.log(JSON.stringify([process.argv[1], process.argv.slice(2), process.env.NODE_OPTIONS ?? null]));",
  );
  return folder;
}

test("the launcher works through links, keeps the name it was called by, and drops NODE_OPTIONS", async () => {
  const folder = launchable();
  symlinkSync("kanod-configure", join(folder, "kanod-runcmd"));
  mkdirSync(join(folder, "bin"));
  symlinkSync("../kanod-runcmd", join(folder, "bin/other"));
  for (const name of ["kanod-configure", "kanod-runcmd", "bin/other"]) {
    const env = { NODE_OPTIONS: "--no-such-option" };
    const { stdout } = await execa(join(folder, name), ["a b", "--c"], { env });
    expect(JSON.parse(stdout)).toEqual([join(folder, name), ["a b", "--c"], null]);
  }
});

test("a package.json above does not matter to the launcher", async () => {
  const folder = launchable();
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  const { stdout } = await execa(join(folder, "kanod-configure"), []);
  expect(JSON.parse(stdout)[0]).toBe(join(folder, "kanod-configure"));
});

test("the launcher says so where Node is too old", async () => {
  const folder = launchable();
  const text = readFileSync(join(folder, "kanod-configure"), "utf8").replaceAll("process.versions.node", '"18.20.4"');
  writeFileSync(join(folder, "kanod-configure"), text);
  const { exitCode, stderr, stdout } = await execa(join(folder, "kanod-configure"), [], { reject: false });
  expect([exitCode, stdout]).toEqual([1, ""]);
  expect(stderr).toBe("kanod-configure: Node 20.12 or newer is needed, this is 18.20.4");
});
