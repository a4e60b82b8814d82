import { basename, dirname, join, resolve } from "node:path";
import { listFolder, packageFolder, pathKind, realPath } from "../../compile/workspace.ts";
import { AgentError } from "../../config/agent-error.ts";
import { shown } from "../../config/shown.ts";
import { suggest } from "../../config/suggest.ts";

export const moduleFile = "config.yaml";

/** Modules that come with this package, by their names on the command line. */
const shippedModules: string = join(packageFolder, "packaging", "modules");

export interface FoundModule {
  /** As it was asked for; the name of the folder where a path was given. */
  name: string;
  folder: string;
}

/**
 * The folder of a module: a folder with a `config.yaml`, a module that comes with this package, or an npm package that
 * `workingDirectory` or a folder above it has in `node_modules`; in this order.
 *
 * @throws AgentError `unknown-module`, a usage error that names the places that were searched
 */
export async function findModule(asked: string, workingDirectory: string): Promise<FoundModule> {
  const folders = candidates(asked, workingDirectory);
  for (const folder of folders) {
    if ((await pathKind(join(folder, moduleFile))) !== "file") continue;
    return { name: isPath(asked) ? basename(resolve(folder)) : asked, folder: await realPath(folder) };
  }
  const near = suggest(asked, await shippedNames());
  const searched = `searched for ${moduleFile} in ${folders.join(", ")}`;
  throw new AgentError("unknown-module", `there is no module ${shown(asked)}`, {
    exitCode: 2,
    hint: near === undefined ? searched : `did you mean ${shown(near)}? ${searched}`,
  });
}

export async function shippedNames(): Promise<string[]> {
  return ((await listFolder(shippedModules)) ?? []).filter(({ kind }) => kind === "folder").map(({ name }) => name);
}

function candidates(asked: string, workingDirectory: string): string[] {
  const own = resolve(workingDirectory, asked);
  if (isPath(asked)) return [own];
  return [own, join(shippedModules, asked), ...packageFolders(asked, workingDirectory)];
}

/** A name of a package may have one slash: `@scope/name`. */
function isPath(asked: string): boolean {
  return /^[./~]/.test(asked) || (asked.includes("/") && !/^@[^/]+\/[^/]+$/.test(asked));
}

/** As Node looks for packages: nodejs.org/api/modules.html#loading-from-node_modules-folders. */
function packageFolders(name: string, from: string): string[] {
  const folder = resolve(from);
  const here = join(folder, "node_modules", name);
  const parent = dirname(folder);
  return parent === folder ? [here] : [here, ...packageFolders(name, parent)];
}
