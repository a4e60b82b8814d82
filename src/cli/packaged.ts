/**
 * The programs of the npm package: what a workstation has. The agent in an image is compiled from `agent.ts` alone, and so
 * is what runs here, unless a command needs the build side: loading its modules takes as long as most commands do.
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { CompiledImage } from "../agent/image.ts";
import { CompiledCode } from "../host/compiled-code.ts";
import { documentChecks } from "./document-checks.ts";

/** The parts of an agent that are used here, bundled or not. */
type Agent = Pick<typeof import("./agent.ts"), "runAgent">;
/** Made by `npm run build` after this file was compiled: see packagedProgram. */
type Bundle = (given?: object, compiled?: CompiledCode) => { agent: Agent; image: CompiledImage };

/** The commands of the agent that an image has, and `hardwareArgument`. */
const agentCommands = [
  "validate",
  "plan",
  "status",
  "analyze",
  "facts",
  "user-data",
  "contributions",
  "schema",
  "docs",
  "explain",
  "--print-hardware",
];

/** The program that is none of an agent's. Not from io.ts: a command that runs from the bundle loads no module besides. */
const builder = "kanod-image-builder";

/** Runs the program `name`, whatever the file that was started is called: package managers differ in what they link. */
export async function runPackaged(name: string): Promise<never> {
  const bundle = createRequire(import.meta.url)("../program.cjs") as Bundle;
  const [command = ""] = process.argv.slice(2);
  if (name === "kanod-configure" ? agentCommands.includes(command) : name !== builder) {
    const code = CompiledCode.open(fileURLToPath(new URL("..", import.meta.url)), {
      user: process.geteuid?.(),
      node: `${process.version}-${process.arch}`,
      command: name === "kanod-configure" ? command : name,
    });
    process.on("exit", () => code?.save());
    const { agent, image } = bundle(undefined, code);
    return agent.runAgent(image, { program: name, buildSide: { commands: [], documentChecks } });
  }
  const { image } = bundle(await import("../index.ts"));
  const [{ runAgent }, { buildSide }] = [await import("./agent.ts"), await import("./build-side.ts")];
  return runAgent(image, { program: name, buildSide });
}
