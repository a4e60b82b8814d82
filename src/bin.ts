#!/usr/bin/env node
/**
 * The package's program: what a workstation has. The agent in an image is compiled from `cli/agent.ts` alone, and so is
 * what runs here, unless a command needs the build side: to load its modules takes as long as all that most commands do.
 */
import { createRequire } from "node:module";
import type { CompiledImage } from "./agent/image.ts";
import { documentChecks } from "./cli/document-checks.ts";

/** What of an agent is used here, bundled or not. */
type Agent = Pick<typeof import("./cli/agent.ts"), "runAgent">;
/** Made by `npm run build`, after this file was compiled: see packagedProgram. */
type Program = (given?: object) => { agent: Agent; image: CompiledImage };

/** The commands of the agent that an image has. */
const agentCommands = ["validate", "plan", "status", "analyze", "user-data", "contributions", "schema", "docs"];

const program = createRequire(import.meta.url)("./program.cjs") as Program;
const [, name = "", command = ""] = process.argv;
if (!name.endsWith("/kanod-image-builder") && agentCommands.includes(command)) {
  const { agent, image } = program();
  await agent.runAgent(image, { embedded: false, buildSide: { commands: [], documentChecks } });
} else {
  const { image } = program(await import("./index.ts"));
  const [{ runAgent }, { buildSide }] = [await import("./cli/agent.ts"), await import("./cli/build-side.ts")];
  await runAgent(image, { embedded: false, buildSide });
}
