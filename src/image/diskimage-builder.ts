import { readText, runProgram } from "../compile/workspace.ts";

/** An element of an image, also one that another element asked for. */
export interface ImageElement {
  readonly name: string;
  readonly folder: string;
}

export interface ExpandedElements {
  /** Version of diskimage-builder. */
  readonly version: string;
  /** The folder of diskimage-builder's own elements. */
  readonly ownFolder: string;
  /** Sorted by name, as elements get to know them. */
  readonly elements: readonly ImageElement[];
}

/** Why elements do not fit together, in diskimage-builder's words. */
export interface ExpansionFault {
  readonly fault: string;
  /** An element that none of the folders has. */
  readonly missing?: string;
}

/** diskimage-builder answers for itself: its rules for dependencies and for what provides what are not repeated here. */
const question = `
import json, os, sys
import diskimage_builder.element_dependencies as dependencies
import diskimage_builder.paths as paths
import diskimage_builder.version as version
own = paths.get_path("elements")
answer = {"version": version.version_info.version_string(), "ownFolder": own, "elements": []}
try:
    found = dependencies.get_elements(sys.argv[2:], ":".join([sys.argv[1], own]))
    answer["elements"] = [{"name": name, "folder": folder} for name, folder in sorted(found)]
except Exception as error:
    answer["fault"] = "%s: %s" % (type(error).__name__, error)
print(json.dumps(answer))
`;

/**
 * Asks diskimage-builder which elements an image has in the end.
 *
 * @param program path of `disk-image-create`
 * @returns undefined where that is no Python program, so that nobody can be asked
 */
export async function expandElements(
  program: string,
  elements: readonly string[],
  folders: readonly string[],
): Promise<ExpandedElements | ExpansionFault | undefined> {
  const interpreter = /^#!\s*(?<path>\S*python\S*)/.exec((await readText(program)) ?? "")?.groups?.["path"];
  if (interpreter === undefined) return undefined;
  const argv = [interpreter, "-c", question, folders.join(":"), ...withDefaults(elements)];
  const { exitCode, stdout } = await runProgram(argv, { timeout: 60 });
  if (exitCode !== 0) return undefined;
  const { fault, ...answer } = JSON.parse(stdout) as ExpandedElements & { fault?: string };
  if (fault === undefined) return answer;
  const missing = /^MissingElementException: Element '(?<name>.*)' not found$/.exec(fault)?.groups?.["name"];
  return missing === undefined ? { fault } : { fault, missing };
}

/** What `disk-image-create` adds before it asks the same question (its `arg_to_elements`). */
function withDefaults(elements: readonly string[]): string[] {
  const hasBlockDevice = elements.some((element) => element.startsWith("block-device-"));
  const blockDevice = elements.includes("vm") && !hasBlockDevice ? ["block-device-mbr"] : [];
  return ["base", ...elements, ...blockDevice];
}
