// biome-ignore lint/style/noRestrictedImports: this file is a process of its own, which hands back a file
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
// biome-ignore lint/style/noRestrictedImports: as above
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";
import type { Validator } from "../config/validator.ts";
import { storedAgent } from "./launcher.ts";

/**
 * Runs the agent's part once for agent-bundle.ts, with contributions that do nothing, and keeps what V8 compiled for it.
 * In a process of its own, because the agent is the only one in its process, and the flags of V8 belong to a process.
 * Arguments: the part, the file for the code, and the target tree of the run.
 */

/** What is used of the agent here. What it takes as image: `CompiledImage` of src/agent. */
interface Agent {
  register(name: string, priority: number, code: () => void): void;
  runAgent(image: object, options: { embedded: boolean }): Promise<void>;
}
type Part = (module: { exports: object }, exports: object, require: NodeJS.Require, dirname: string) => void;

const [, , agentFile = "", codeFile = "", tree = ""] = process.argv;
// Code that was not called for a while would be thrown away. V8 refuses code that was made under other flags than it is
// used under: they are as they were when it is asked for.
setFlagsFromString("--no-flush-bytecode");
const script = new Script(readFileSync(agentFile, "latin1"), { filename: storedAgent });
const module = { exports: {} };
(script.runInThisContext() as Part)(module, module.exports, createRequire(import.meta.url), "/");
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
  template: async () => undefined,
  manifest: async () => ({ agent: "" }),
};
process.argv = ["node", "kanod-runcmd", "--root", tree];
await agent.runAgent(image, { embedded: false });
setFlagsFromString("--flush-bytecode");
writeFileSync(codeFile, script.createCachedData());
