import { basename, join } from "node:path";
import { listFolder, packageFolder, pathKind } from "../compile/workspace.ts";
import type { ModuleDefinition } from "./modules/module-definition.ts";

/** Our elements: those without a contribution, and the contributions, each of whose folders is an element. */
const ownFolders: readonly string[] = [join(packageFolder, "packaging/elements"), join(packageFolder, "contributions")];

/**
 * The folders that diskimage-builder looks for elements in; the first one that has an element wins. Modules come first,
 * in their order, then what `ELEMENTS_PATH` of the caller or of a module says, then ours.
 */
export async function elementsPath(modules: readonly ModuleDefinition[], inherited: string): Promise<string[]> {
  const folders = modules.map(({ folder }) => join(folder, "elements"));
  const kinds = await Promise.all(folders.map(pathKind));
  // diskimage-builder refuses a folder that does not exist.
  const present = folders.filter((_, index) => kinds[index] === "folder");
  return [...new Set([...present, ...inherited.split(":").filter((entry) => entry !== ""), ...ownFolders])];
}

/** An element that several folders have: the first one is built, the others are not used. */
export interface ShadowedElement {
  name: string;
  used: string;
  unused: readonly string[];
}

/** Which of the elements are in several of the folders. */
export async function shadowedElements(
  elements: readonly string[],
  folders: readonly string[],
): Promise<ShadowedElement[]> {
  const contents = await Promise.all(
    folders.map(async (folder) => ({ folder, entries: (await listFolder(folder)) ?? [] })),
  );
  return elements.flatMap((name) => {
    const [used, ...unused] = contents
      .filter(({ entries }) => entries.some((entry) => entry.kind === "folder" && entry.name === name))
      .map(({ folder }) => join(folder, name));
    return used === undefined || unused.length === 0 ? [] : [{ name: basename(name), used, unused }];
  });
}
