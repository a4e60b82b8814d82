import { basename, join } from "node:path";
import { digestFile, flush, listFolder, move, pathKind, removeTree } from "../compile/workspace.ts";
import type { ImageFile } from "./image-manifest.ts";

/** Files beside the images that are not images. */
const companions = ["-schema.yaml", "-manifest.json", "-agent.sha256", ".sha256", ".log"];

/** The images, and what else elements made for the user, in a folder where `name` was built. */
export async function builtFiles(folder: string, name: string): Promise<ImageFile[]> {
  const names = ((await listFolder(folder)) ?? [])
    .filter((entry) => entry.kind === "file" && !companions.some((suffix) => entry.name === name + suffix))
    .map((entry) => entry.name);
  return Promise.all(names.map(async (file) => ({ name: file, ...(await digestFile(join(folder, file))) })));
}

/** The text of a file for `sha256sum --check`. */
export function checksums(files: readonly ImageFile[]): string {
  return files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join("");
}

export interface PublishOptions {
  /** Images are kept that stand under the name of a new one: their names get this, as diskimage-builder does it. */
  keepAs: string | undefined;
}

/**
 * Moves all that was made into the output folder, on the same file system: each name has its old or its new content at
 * any time.
 */
export async function publishFolder(from: string, to: string, { keepAs }: PublishOptions): Promise<void> {
  const entries = (await listFolder(from)) ?? [];
  for (const { name, kind } of entries) if (kind === "file") await flush(join(from, name));
  for (const { name, kind } of entries) {
    const target = join(to, name);
    const standing = await pathKind(target);
    const isImage = kind === "file" && !companions.some((suffix) => name.endsWith(suffix));
    if (standing === "file" && isImage && keepAs !== undefined) await move(target, join(to, keptName(name, keepAs)));
    else if (standing === "folder" || (kind === "folder" && standing !== "none")) await removeTree(target);
    await move(join(from, name), target);
  }
}

/** `node.qcow2` becomes `node-2026.11.20-10.30.00.qcow2`. */
function keptName(name: string, keepAs: string): string {
  const dot = basename(name).lastIndexOf(".");
  return dot <= 0 ? `${name}-${keepAs}` : `${name.slice(0, dot)}-${keepAs}${name.slice(dot)}`;
}
