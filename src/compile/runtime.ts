import { join } from "node:path";
import { BuildError, buildProblem } from "./build-error.ts";
import {
  type Arch,
  cacheFolder,
  fileSize,
  findProgram,
  machine,
  makeFolder,
  move,
  packageFolder,
  packageFolderOf,
  pathKind,
  readManifest,
  runProgram,
  withFolder,
} from "./workspace.ts";

/** The Node that goes into an executable. */
export interface Runtime {
  file: string;
  /** Folder of the npm package that it comes from. */
  package: string;
  version: string;
  arch: Arch;
  /** Without its symbol table, which is a quarter of it. */
  stripped: boolean;
  /** It runs on this machine. */
  native: boolean;
}

/** The processors' names in those of GNU tools, of QEMU and of Debian's folders. */
const machineNames: Readonly<Record<Arch, string>> = { x64: "x86_64", arm64: "aarch64" };

/**
 * Gets the Node for executables of an architecture, from the npm package that has it. A stripped copy is kept from
 * build to build; where no tool strips it, it is taken as it is.
 *
 * @param work a folder for the copy where no other can be written
 * @throws BuildError where the package is not installed
 */
export async function prepareRuntime(arch: Arch, work: string, signal?: AbortSignal): Promise<Runtime> {
  const { folder, file, version } = await installedNode(arch);
  const stripped = await strippedCopy(file, { version, arch, work, signal });
  const native = arch === machine.arch;
  return { file: stripped ?? file, package: folder, version, arch, stripped: stripped !== undefined, native };
}

/** The Node that makes executables: the one for this machine, of the same version as those that go into them. */
export async function builderNode(): Promise<string> {
  const { arch } = machine;
  if (arch === "x64" || arch === "arm64") return (await installedNode(arch)).file;
  const hint = "--runtime system makes an agent for the image's own Node on every machine";
  throw new BuildError([buildProblem("no-runtime", `executables cannot be built on ${arch} machines`, { hint })]);
}

async function installedNode(arch: Arch): Promise<{ folder: string; file: string; version: string }> {
  const name = `node-linux-${arch}`;
  const folder = packageFolderOf(name);
  const file = join(folder ?? "", "bin/node");
  if (folder !== undefined && (await pathKind(file)) === "file") {
    return { folder, file, version: (await readManifest(folder)).version };
  }
  const version = (await readManifest(packageFolder)).optionalDependencies?.[name];
  // Without --no-bin-links the other processor's program takes the place of this machine's in node_modules/.bin.
  const command = `npm install --no-save --force --no-bin-links ${name}@${version}`;
  const hint = `${command} in the folder where kanod-configure is installed`;
  const message = `the npm package ${name}, which holds Node for ${arch}, is not installed`;
  throw new BuildError([buildProblem("no-runtime", message, { hint })]);
}

/** The command that runs programs for another processor, from QEMU; empty where there is none. */
export async function emulatorOf(arch: Arch): Promise<string[]> {
  const name = machineNames[arch];
  const program = (await findProgram(`qemu-${name}`)) ?? (await findProgram(`qemu-${name}-static`));
  if (program === undefined) return [];
  const libraries = `/usr/${name}-linux-gnu`;
  return (await pathKind(libraries)) === "folder" ? [program, "-L", libraries] : [program];
}

interface StripOptions {
  version: string;
  arch: Arch;
  work: string;
  signal: AbortSignal | undefined;
}

async function strippedCopy(file: string, options: StripOptions): Promise<string | undefined> {
  const { version, arch, work, signal } = options;
  const folder = (await cacheFolder("runtime")) ?? work;
  // Of a version there is one package for good; the size tells a Node that was replaced by hand.
  const kept = join(folder, `node-${version}-${arch}-${await fileSize(file)}-stripped`);
  if ((await pathKind(kept)) === "file") return kept;
  await makeFolder(folder);
  return withFolder(folder, ".strip-", async (temporary) => {
    const copy = join(temporary, "node");
    for (const tool of await stripTools(arch)) {
      const { exitCode } = await runProgram([tool, "-o", copy, file], { signal, timeout: 120 });
      if (exitCode !== 0) continue;
      // Builds that run at the same time make the same file: the last one stays.
      await move(copy, kept);
      return kept;
    }
    return undefined;
  });
}

async function stripTools(arch: Arch): Promise<string[]> {
  const names =
    arch === machine.arch ? ["strip", "llvm-strip"] : [`${machineNames[arch]}-linux-gnu-strip`, "llvm-strip"];
  const paths = await Promise.all(names.map(findProgram));
  return paths.filter((path) => path !== undefined);
}
