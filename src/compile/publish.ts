import { join } from "node:path";
import { shown } from "../config/shown.ts";
import { BuildError, buildProblem } from "./build-error.ts";
import {
  flush,
  listFolder,
  makeFolder,
  makeLink,
  move,
  pathKind,
  removeEmptyFolder,
  removeTree,
  replaceFolder,
  withFolder,
  writeText,
} from "./workspace.ts";

/** Names under which the agent lies in an image besides `kanod-configure`. */
const links = ["kanod-bootcmd", "kanod-runcmd"];
/** The types of the configuration, for the editors of authors. */
export const typesFolder = "kanod-configure.types";

/** Folders, and what only some builds write and a later one of another kind removes. Users have nothing of these names. */
const ownNames = ["kanod-configure.cjs", "kanod-configure.files", typesFolder];

/** Writes the finished files of the agent into a folder. */
export type WriteFiles = (folder: string) => Promise<void>;

/**
 * Writes the output folder. Nothing in it is touched before `write` has ended well; then each file is replaced at once,
 * and files of others are left alone.
 *
 * @throws BuildError where something else stands in the way
 */
export async function publish(
  output: string,
  texts: Readonly<Record<string, string>>,
  write: WriteFiles,
): Promise<void> {
  const kind = await pathKind(output);
  if (kind === "file" || kind === "other") {
    throw new BuildError([buildProblem("output-taken", `${shown(output)} is not a folder`)]);
  }
  await makeFolder(output);
  try {
    await withFolder(output, ".kanod-configure-", async (folder) => {
      for (const [name, text] of Object.entries(texts)) await writeText(join(folder, name), text);
      await write(folder);
      await publishFrom(folder, output);
    });
  } catch (error) {
    if (kind === "none") await removeEmptyFolder(output);
    throw error;
  }
}

async function publishFrom(folder: string, output: string): Promise<void> {
  for (const link of links) await makeLink("kanod-configure", join(folder, link));
  const made = (await listFolder(folder)) ?? [];
  for (const { name, kind } of made) if (kind === "file") await flush(join(folder, name));
  await requireNoFolders(made.map(({ name }) => join(output, name)).filter((path) => !isOwn(path)));
  // The program comes last: what it needs lies there by then.
  const programLast = made.map(({ name }) => name).sort((one, other) => rank(one) - rank(other));
  for (const name of programLast) await replace(join(folder, name), join(output, name));
  for (const name of ownNames) if (!programLast.includes(name)) await removeTree(join(output, name));
}

function isOwn(path: string): boolean {
  return ownNames.some((name) => path.endsWith(`/${name}`));
}

function rank(name: string): number {
  return name === "kanod-configure" ? 1 : 0;
}

/** A user's folder, such as an element named kanod-configure, must not make way for a file. */
async function requireNoFolders(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if ((await pathKind(path)) !== "folder") continue;
    const hint = "choose another folder for the output";
    throw new BuildError([
      buildProblem("output-taken", `${shown(path)} is a folder, and a file of this name is to be written`, { hint }),
    ]);
  }
}

async function replace(from: string, to: string): Promise<void> {
  if ((await pathKind(from)) === "folder") await replaceFolder(from, to, `${from}.replaced`);
  else await move(from, to);
}
