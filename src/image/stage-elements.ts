import { basename, dirname, join } from "node:path";
import { copyTree, listFolder } from "../compile/workspace.ts";
import type { ImageElement } from "./diskimage-builder.ts";

/** What an element has for its contributions and for its author. The agent is compiled from it; no hook needs it. */
const authorOnly: ReadonlySet<string> = new Set(["build", "kanod", "node_modules", "test"]);

/**
 * diskimage-builder copies all folders of all elements into one, in the image too: it refuses two files of one path, such
 * as `kanod/main.ts`, and splits paths at spaces. Elements for which that matters are copied without what only their
 * author needs.
 *
 * @param folder is written only where there is such an element
 * @returns the folder, which must come first in `ELEMENTS_PATH`; undefined where none was copied
 */
export async function stageElements(elements: readonly ImageElement[], folder: string): Promise<string | undefined> {
  const copied = await Promise.all(elements.map((element) => stage(element, folder)));
  return copied.includes(true) ? folder : undefined;
}

async function stage({ name, folder: from }: ImageElement, to: string): Promise<boolean> {
  const entries = (await listFolder(from)) ?? [];
  const hasAuthorFiles = entries.some(({ name: entry, kind }) => kind === "folder" && authorOnly.has(entry));
  if (!hasAuthorFiles && !/\s/.test(from)) return false;
  const isKept = (path: string): boolean => dirname(path) !== from || !authorOnly.has(basename(path));
  await copyTree(from, join(to, name), isKept);
  return true;
}
