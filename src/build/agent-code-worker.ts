// biome-ignore lint/style/noRestrictedImports: this file is a process of its own, which hands back a file
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
// biome-ignore lint/style/noRestrictedImports: as above
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";
import type { Validator } from "../config/validator.ts";
import type { CodeRequest } from "./agent-bundle.ts";

/**
 * Runs the agent's part once for agent-bundle.ts, with contributions that do nothing, and keeps what V8 compiled for it.
 * In a process of its own, because the agent is the only one in its process and ends it, and the flags of V8 belong to a
 * process. Its argument is a file with a {@link CodeRequest}.
 */

/** What is used of the agent here. What it takes as image: `CompiledImage` of src/agent. */
interface Agent {
  register(name: string, priority: number, code: () => void): void;
  runAgent(image: object, options: { embedded: boolean }): Promise<void>;
}
type Modules = Readonly<Record<string, unknown>>;
type Core = (
  module: { exports: object },
  exports: object,
  require: NodeJS.Require,
  dirname: string,
  rest: () => Modules,
) => void;
type Rest = (require: NodeJS.Require, dirname: string) => Modules;

const { bundle, keep, code, argv, report } = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as CodeRequest;
const require = createRequire(import.meta.url);
// Code that was not called for a while would be thrown away. V8 refuses code that was made under other flags than it is
// used under: they are as they were when it is asked for.
setFlagsFromString("--no-flush-bytecode");
// By its name in the executable, which messages and stacks have. A copy of the name: V8 takes a part of a text for a view
// of the whole, and the code would hold the path of this folder.
const scriptOf = (file: string): Script =>
  new Script(readFileSync(file, "latin1"), { filename: Buffer.from(basename(file)).toString() });
const scripts = { core: scriptOf(bundle.core), rest: scriptOf(bundle.rest) };
const asked = new Set<string>();
let others: Modules | undefined;
const module = { exports: {} };
const core = scripts.core.runInThisContext() as Core;
core(module, module.exports, require, "/", () => {
  others ??= new Proxy((scripts.rest.runInThisContext() as Rest)(require, "/"), {
    get: (modules, number) => {
      asked.add(String(number));
      return modules[String(number)];
    },
  });
  return others;
});
const agent = module.exports as Agent;

const accepts: Validator = Object.assign(() => true, { errors: null });
const image = {
  modules: [
    {
      element: "empty",
      file: "kanod/empty.js",
      load: async () => {
        for (let priority = 0; priority < 10; priority++) agent.register(`empty-${priority}`, priority, () => {});
      },
    },
  ],
  schema: async () => "{}",
  systemSchema: async () => "{}",
  validators: async () => ({ configuration: accepts, boot: accepts, system: accepts }),
  secrets: async () => ({ configuration: true, boot: true, system: true }),
  template: async () => undefined,
  manifest: async () => ({ agent: "" }),
};
process.argv = ["node", ...argv];
process.on("exit", () => {
  setFlagsFromString("--flush-bytecode");
  writeFileSync(code, scripts[keep].createCachedData());
  writeFileSync(report, JSON.stringify([...asked]));
});
await agent.runAgent(image, { embedded: false });
