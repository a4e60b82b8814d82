import { join } from "node:path";
import {
  flush,
  listFolder,
  makeFolder,
  makeLink,
  move,
  pathKind,
  removeTree,
  withFolder,
  writeText,
} from "./workspace.ts";

/** Names under which the agent lies in an image besides `kanod-configure`. */
const links = ["kanod-bootcmd", "kanod-runcmd"];
/** Every name that a build writes; names that it wrote earlier and not now are removed. */
const ownNames = [
  "schema.yaml",
  "manifest.json",
  "kanod-configure.cjs",
  "kanod-configure.files",
  "kanod-configure",
  ...links,
];

/** Writes the finished files of the agent into a folder. */
export type WriteFiles = (folder: string) => Promise<void>;

/**
 * Writes the output folder. Nothing in it is touched before `write` has ended well; then each file is replaced at once,
 * and files of others are left alone.
 */
export async function publish(
  output: string,
  texts: Readonly<Record<string, string>>,
  write: WriteFiles,
): Promise<void> {
  await makeFolder(output);
  await withFolder(output, ".kanod-configure-", async (folder) => {
    for (const [name, text] of Object.entries(texts)) await writeText(join(folder, name), text);
    await write(folder);
    for (const link of links) await makeLink("kanod-configure", join(folder, link));
    const made = new Set(((await listFolder(folder)) ?? []).map(({ name }) => name));
    for (const name of made) if ((await pathKind(join(folder, name))) === "file") await flush(join(folder, name));
    for (const name of ownNames) await replace(join(folder, name), join(output, name), made.has(name));
  });
}

async function replace(from: string, to: string, exists: boolean): Promise<void> {
  // Only a file can take another's place at once.
  if (!exists || (await pathKind(from)) === "folder" || (await pathKind(to)) === "folder") await removeTree(to);
  if (exists) await move(from, to);
}
