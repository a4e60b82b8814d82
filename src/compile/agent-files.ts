import { join } from "node:path";
import { agentParts, type SplitBundle } from "./code-cache/split-bundle.ts";
import { machine, packageFolder, pathKind } from "./workspace.ts";

/**
 * Files of the part of an agent that is the same in every image, with all packages it uses. They are made once, when this
 * package is built: that takes as long as all the rest of a compilation.
 */
export const agentBundle: SplitBundle = filesOf(agentParts, (part) => inDist(`${part}.cjs`));

/**
 * What V8 compiled of {@link agentBundle} in runs, for this machine's architecture. Absent where this package was built on
 * another one.
 */
export const agentCode: SplitBundle = filesOf(agentParts, (part) => inDist(`${part}-${machine.arch}.code`));

/** A file for each part of a program. */
export function filesOf<Part extends string>(
  parts: readonly Part[],
  file: (part: Part) => string,
): Readonly<Record<Part, string>> {
  return Object.fromEntries(parts.map((part) => [part, file(part)])) as Record<Part, string>;
}

export function inDist(name: string): string {
  return join(packageFolder, "dist", name);
}

/** Whether this package was built: a checkout is not before `npm run build`. */
export async function isBuilt(): Promise<boolean> {
  return (await pathKind(agentBundle.agent)) === "file";
}
