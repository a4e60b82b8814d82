import { BuildError } from "../compile/build-error.ts";
import { findProgram, runProgram, userId } from "../compile/workspace.ts";
import { AgentError } from "../config/agent-error.ts";
import type { Problem } from "../config/problem.ts";
import { shown } from "../config/shown.ts";
import { type ExpandedElements, type ExpansionFault, expandElements } from "./diskimage-builder.ts";
import { type ImagePlan, imageCommand } from "./image-plan.ts";
import type { BuildResolution } from "./modules/resolve.ts";
import { missingTools } from "./required-tools.ts";

export interface CheckedHost {
  /** What diskimage-builder says about itself and the elements; undefined where it cannot be asked. */
  readonly expanded: ExpandedElements | undefined;
  /** sudo asks for a password, so the build must share the terminal. */
  readonly needsTerminal: boolean;
}

/**
 * Finds out before the build what would end it minutes later: programs that are missing, elements that exist nowhere,
 * root rights that cannot be had.
 *
 * @param interactive there is a terminal to ask for a password
 * @throws AgentError `missing-tool`, `needs-root`
 * @throws BuildError with elements that cannot be built
 */
export async function checkHost(
  plan: ImagePlan,
  resolution: BuildResolution,
  interactive: boolean,
): Promise<CheckedHost> {
  const [program = ""] = imageCommand(plan);
  const path = await findProgram(program);
  if (path === undefined) {
    const hint = "install diskimage-builder 3.13 or newer, for instance with pip, in a folder that is in PATH";
    throw new AgentError("missing-tool", `${program} is not installed`, { hint });
  }
  const folders = (plan.variables.get("ELEMENTS_PATH") ?? "").split(":");
  const expanded = await expandElements(path, plan.elements, folders);
  if (expanded !== undefined && "fault" in expanded) throw elementsError(expanded, resolution, folders);
  const elements = expanded?.elements.map(({ name }) => name) ?? plan.elements;
  const missing = await missingTools(plan.formats, elements);
  if (missing.length > 0) {
    const hint = `install the packages: ${missing.map(({ packages }) => packages).join(", ")}`;
    throw new AgentError("missing-tool", `not installed: ${missing.map((tool) => tool.program).join(", ")}`, { hint });
  }
  return { expanded, needsTerminal: await needsTerminal(interactive) };
}

function elementsError({ fault, missing }: ExpansionFault, resolution: BuildResolution, folders: string[]): BuildError {
  const source = resolution.elements.find(({ text, removedBy }) => text === missing && removedBy === undefined)?.origin
    .source;
  const problem: Problem = {
    severity: "error",
    code: missing === undefined ? "bad-elements" : "unknown-element",
    pointer: "",
    message:
      missing === undefined
        ? `diskimage-builder refuses the elements: ${fault}`
        : `there is no element ${shown(missing)}`,
    ...(missing === undefined ? {} : { hint: `searched in ${folders.join(", ")} and diskimage-builder's own` }),
    ...(source === undefined ? {} : { source }),
  };
  return new BuildError([problem]);
}

async function needsTerminal(interactive: boolean): Promise<boolean> {
  if (userId() === 0) return false;
  const { exitCode } = await runProgram(["sudo", "-n", "true"], { timeout: 30 });
  if (exitCode === 0) return false;
  if (interactive) return true;
  const hint = "diskimage-builder mounts and changes root: run this as root, or let sudo work without a password";
  throw new AgentError("needs-root", "sudo asks for a password, and there is no terminal to give it", { hint });
}
