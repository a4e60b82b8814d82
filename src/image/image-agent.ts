import { join } from "node:path";
import { compileAgent } from "../compile/compile.ts";
import { type Arch, packageFolder } from "../compile/workspace.ts";
import { AgentError } from "../config/agent-error.ts";
import { shown } from "../config/shown.ts";
import type { ImageElement } from "./diskimage-builder.ts";

/** The element that puts the agent into an image. */
const agentElement = "kanod-configure";
const architectures: Readonly<Record<string, Arch>> = { amd64: "x64", arm64: "arm64" };
const runtimes = ["embedded", "system"] as const;

export interface ImageAgentOptions {
  /** All elements of the image. */
  elements: readonly ImageElement[];
  /** As diskimage-builder names it. */
  architecture: string;
  /** `KANOD_AGENT_RUNTIME`; empty for the default. */
  runtime: string;
  /** Folder for what is compiled. */
  work: string;
  signal: AbortSignal;
}

/**
 * Compiles the agent before the build, so that what is wrong in a contribution is told at once, and the build need not
 * do it again.
 *
 * @returns what the element wants to have in `KANOD_COMPILED_AGENT`; undefined for an image without our element
 * @throws AgentError `no-agent` for an architecture or a runtime without an agent
 * @throws BuildError with all that is wrong in the contributions
 */
export async function compileImageAgent(options: ImageAgentOptions): Promise<string | undefined> {
  const { elements, architecture, work, signal } = options;
  const own = elements.find(({ name }) => name === agentElement);
  if (own === undefined || !own.folder.startsWith(`${packageFolder}/`)) return undefined;
  const arch = architectures[architecture];
  const runtime = runtimes.find((each) => each === (options.runtime || "embedded"));
  if (arch === undefined || runtime === undefined) throw noAgent(arch === undefined ? architecture : options.runtime);
  const prefix = join(work, "agent");
  await compileAgent({
    elements: elements.map(({ name, folder }) => ({ name, path: folder, optional: true })),
    output: `${prefix}-${runtime}`,
    runtime,
    arch,
    signal,
  });
  return prefix;
}

function noAgent(wanted: string): AgentError {
  return new AgentError("no-agent", `there is no agent for ${shown(wanted)}`, {
    hint: "the architecture can be amd64 or arm64, KANOD_AGENT_RUNTIME embedded or system",
  });
}
