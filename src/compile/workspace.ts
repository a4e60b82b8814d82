import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import {
  access,
  chmod,
  constants,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir, tmpdir } from "node:os";
import { basename, delimiter, dirname, extname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { AgentError } from "../config/agent-error.ts";

/**
 * The door of the build side to files and processes: no other file of src/compile and src/image has one, as lint sees to. A build
 * runs on a workstation as the user who typed it, so there is neither a target tree nor a plan, and `Host` is not used.
 */

/** The folder of this package, from its sources (`src/compile`) as well as from what is shipped (`dist/compile`). */
export const packageFolder: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/**
 * A module of this folder that runs in a process of its own, by its path below this folder without the extension, which is that of this file:
 * .ts in the sources, .js in what is shipped.
 */
export function workerFile(name: string): string {
  const own = fileURLToPath(import.meta.url);
  return join(dirname(own), `${name}${extname(own)}`);
}

/** Processor architectures that Node names and we build for. */
export type Arch = "x64" | "arm64";

/** The machine that builds, and the Node that builds on it. */
export const machine: { readonly arch: string; readonly node: string; readonly nodeFile: string } = {
  arch: process.arch,
  node: process.versions.node,
  nodeFile: process.execPath,
};

export interface FolderEntry {
  name: string;
  /** Of what a link points to; `none` for a link that points to nothing. */
  kind: PathKind;
}

export type PathKind = "file" | "folder" | "other" | "none";

export async function pathKind(path: string): Promise<PathKind> {
  const status = await unlessAbsent(stat(path));
  if (status === undefined) return "none";
  return status.isFile() ? "file" : status.isDirectory() ? "folder" : "other";
}

/** In bytes. */
export async function fileSize(path: string): Promise<number> {
  return (await stat(path)).size;
}

/** When a file was written, in whole seconds of Unix time. */
export async function fileTime(path: string): Promise<number> {
  return Math.floor((await stat(path)).mtimeMs / 1000);
}

/** Permissions, such as 0o600. */
export async function filePermissions(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

export async function setPermissions(path: string, mode: number): Promise<void> {
  await chmod(path, mode);
}

/** The entries of a folder, sorted by their names' UTF-16 code units; undefined where there is no folder. */
export async function listFolder(path: string): Promise<FolderEntry[] | undefined> {
  const names = await unlessAbsent(readdir(path));
  if (names === undefined) return undefined;
  return Promise.all(names.sort().map(async (name) => ({ name, kind: await pathKind(join(path, name)) })));
}

/** All files below a folder, as sorted paths relative to it; folders for which `enter` is false are left out. */
export async function listTree(folder: string, enter: (name: string) => boolean = () => true): Promise<string[]> {
  const files: string[] = [];
  for (const { name, kind } of (await listFolder(folder)) ?? []) {
    if (kind === "file") files.push(name);
    if (kind !== "folder" || !enter(name)) continue;
    for (const inner of await listTree(join(folder, name), enter)) files.push(`${name}/${inner}`);
  }
  return files;
}

/** The content of a file, or undefined where there is none. */
export function readBytes(path: string): Promise<Uint8Array | undefined> {
  return unlessAbsent(readFile(path));
}

export async function readText(path: string): Promise<string | undefined> {
  return unlessAbsent(readFile(path, "utf8"));
}

/** Writes a file, and its folder where that is missing. */
export async function writeText(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  await makeFolders(dirname(path));
  await writeFile(path, content);
  await chmod(path, mode);
}

/** @param mode permissions, whatever the user's umask is; where they do not matter, none */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  await makeFolders(path);
  if (mode !== undefined) await chmod(path, mode);
}

/**
 * A folder with all above it. Node's own way to make them never ends where the system says each time that the folder
 * above is missing, as below /proc.
 */
async function makeFolders(path: string, mode = 0o777): Promise<void> {
  if ((await pathKind(path)) === "folder") return;
  const missing = [path];
  for (let at = dirname(path); (await pathKind(at)) === "none"; at = dirname(at)) missing.unshift(at);
  for (const folder of missing) {
    // Another process may make it at the same time.
    await mkdir(folder, mode).catch(async (error: unknown) => {
      if ((await pathKind(folder)) !== "folder") throw error;
    });
  }
}

/** Whether files can be made in a folder. */
export async function isWritable(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Copies a file or a folder; `accept` decides by the path of each file and folder below it. Links stay as they are. */
export async function copyTree(
  from: string,
  to: string,
  accept: (path: string) => boolean = () => true,
): Promise<void> {
  await makeFolders(dirname(to));
  await cp(from, to, { recursive: true, verbatimSymlinks: true, filter: accept });
}

/**
 * Copies an executable. The kernel copies it in small pieces, so it is cached in small pages: a program that was written
 * at once lies in pages of up to 2 MiB, all of which count as its memory as soon as one byte is used.
 */
export async function copyExecutable(from: string, to: string): Promise<void> {
  await makeFolders(dirname(to));
  await copyFile(from, to);
  await chmod(to, 0o755);
}

/** Moves within one file system; replaces a file or a link that stands at `to`. */
export async function move(from: string, to: string): Promise<void> {
  await makeFolders(dirname(to));
  await rename(from, to);
}

/** How often another build may come first. */
const maximumTurns = 100;

/**
 * Moves a folder within one file system to `to`. What is there goes to `aside`, a free name beside it: rename(2) replaces
 * only an empty folder, and other builds may do the same at the same time.
 */
export async function replaceFolder(from: string, to: string, aside: string): Promise<void> {
  for (let turn = 1; ; turn++) {
    await rename(to, `${aside}-${turn}`).catch(() => undefined);
    try {
      return await rename(from, to);
    } catch (error) {
      const isTaken = error instanceof Error && "code" in error && ["ENOTEMPTY", "EEXIST"].includes(String(error.code));
      if (!isTaken || turn === maximumTurns) throw error;
    }
  }
}

export async function makeLink(target: string, path: string): Promise<void> {
  await makeFolders(dirname(path));
  await symlink(target, path);
}

export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

/** Removes a folder in which nothing lies, and leaves any other as it is. */
export async function removeEmptyFolder(path: string): Promise<void> {
  await rmdir(path).catch(() => undefined);
}

export function realPath(path: string): Promise<string> {
  return realpath(path);
}

/** Writes what lies in a file to the disk, so that a crash after a rename leaves no empty file. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, "r");
  await handle.sync();
  await handle.close();
}

export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Runs `use` with a new folder, which is removed at the end, whatever the outcome. */
export async function withFolder<T>(parent: string, prefix: string, use: (folder: string) => Promise<T>): Promise<T> {
  await makeFolders(parent);
  const folder = await mkdtemp(join(await realpath(parent), prefix));
  try {
    return await use(folder);
  } finally {
    await removeTree(folder);
  }
}

/** Where temporary folders are made. */
export function temporaryParent(): string {
  return tmpdir();
}

/**
 * A folder of ours that outlives a build (XDG Base Directory Specification), or undefined where none can be written, as
 * in a container without a home.
 */
export async function cacheFolder(name: string): Promise<string | undefined> {
  const base = process.env["XDG_CACHE_HOME"];
  const folder = join(base?.startsWith("/") === true ? base : join(homedir(), ".cache"), "kanod-configure", name);
  try {
    await makeFolders(folder, 0o700);
    await access(folder, constants.W_OK | constants.X_OK);
    return folder;
  } catch {
    return undefined;
  }
}

/** What is used of a package.json. */
export interface PackageManifest {
  name?: string;
  version: string;
  /** Older packages have other forms than a text. */
  license?: unknown;
  optionalDependencies?: Readonly<Record<string, string>>;
}

export async function readManifest(folder: string): Promise<PackageManifest> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as PackageManifest;
}

/** The folder of a package that this package depends on; undefined where it is not installed. */
export function packageFolderOf(name: string): string | undefined {
  try {
    return dirname(createRequire(join(packageFolder, "package.json")).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

/** The folder of a package without which this one is not complete. */
export function requiredPackage(name: string): string {
  const folder = packageFolderOf(name);
  if (folder === undefined) throw new Error(`the package ${name}, which kanod-configure needs, is not installed`);
  return folder;
}

/** The path of a program on PATH; undefined where there is none. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter).filter((entry) => entry.startsWith("/"))) {
    const path = join(folder, name);
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable && (await pathKind(path)) === "file") return path;
  }
  return undefined;
}

/** What the system says of a file that cannot be read or written (errno(3)); undefined for other errors. */
export function fileFault(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, syscall, path, dest } = error as NodeJS.ErrnoException & { dest?: string };
  if (code === undefined || syscall === undefined) return undefined;
  return `${dest ?? path ?? "a file"}: ${error.message.replace(/^\w+: /, "").replace(/, \w+( '.*)?$/, "")} (${code})`;
}

export interface ProgramOptions {
  cwd?: string;
  /** In seconds. */
  timeout?: number;
  input?: string;
  /** A file to read standard input from, instead of `input`. */
  inputFile?: string;
  /** Variables besides those of this process. */
  environment?: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
}

export interface ProgramResult {
  /** Undefined when it could not be started, or was ended by a signal. */
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
  timedOut: boolean;
  /** Why it could not be started. */
  fault?: string;
}

/** @throws AgentError `interrupted` once the signal is aborted */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new AgentError("interrupted", "the build was interrupted");
}

/**
 * Runs a program to its end. NODE_OPTIONS is not handed on: what a user's shell has in it must change no build.
 *
 * @throws AgentError `interrupted`
 */
export async function runProgram(argv: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> {
  const [file = "", ...args] = argv;
  const { NODE_OPTIONS: _, ...env } = process.env;
  const result = await execa(file, args, {
    reject: false,
    env: { ...env, ...options.environment },
    extendEnv: false,
    ...(options.inputFile === undefined ? { input: options.input ?? "" } : { inputFile: options.inputFile }),
    forceKillAfterDelay: 1000,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout * 1000 }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  throwIfInterrupted(options.signal);
  const { exitCode, stdout, stderr, timedOut } = result;
  const started = exitCode !== undefined || result.signal !== undefined;
  const fault = started ? {} : { fault: `${basename(file)}: ${result.shortMessage ?? "it could not be started"}` };
  return { exitCode, stdout, stderr, timedOut, ...fault };
}

/** What `operation` gives, or undefined where the path leads to nothing. */
async function unlessAbsent<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** The user that builds; 0 is root. */
export function userId(): number {
  return process.getuid?.() ?? 0;
}

export interface LongProgramOptions {
  cwd: string;
  /** The whole environment. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Gets each line of standard output and standard error. Without it the program has the terminal for itself. */
  onLine?: ((line: string) => void) | undefined;
  /** In a session of its own: what is typed at the terminal does not reach it. */
  apart: boolean;
}

/** A program that runs for minutes. */
export interface LongProgram {
  readonly pid: number | undefined;
  /** Never rejects. */
  readonly end: Promise<ProgramEnd>;
}

export interface ProgramEnd {
  /** Undefined when it could not be started, or was ended by a signal. */
  exitCode: number | undefined;
  /** Why it could not be started, or the signal that ended it. */
  fault: string | undefined;
}

export function startLongProgram(argv: readonly string[], options: LongProgramOptions): LongProgram {
  const [file = "", ...args] = argv;
  const { cwd, onLine, apart } = options;
  const common = {
    cwd,
    detached: apart,
    env: options.environment,
    extendEnv: false,
    reject: false,
    buffer: false,
  } as const;
  if (onLine === undefined) {
    const subprocess = execa(file, args, { ...common, stdio: "inherit" });
    return { pid: subprocess.pid, end: endOf(subprocess) };
  }
  const subprocess = execa(file, args, { ...common, stdin: apart ? "ignore" : "inherit", all: true });
  const follow = async (): Promise<ProgramEnd> => {
    for await (const line of subprocess.iterable({ from: "all" })) onLine(line);
    return endOf(subprocess);
  };
  return { pid: subprocess.pid, end: follow() };
}

interface Ended {
  exitCode?: number | undefined;
  signal?: string | undefined;
  originalMessage?: string | undefined;
}

async function endOf(result: PromiseLike<Ended>): Promise<ProgramEnd> {
  const { exitCode, signal, originalMessage } = await result;
  if (exitCode !== undefined) return { exitCode, fault: undefined };
  return { exitCode, fault: signal ?? originalMessage ?? "it could not be started" };
}

export interface ProcessEntry {
  pid: number;
  parent: number;
  /** Its root folder as this process sees it; empty where that may not be known. */
  root: string;
  command: string;
}

/** The processes of this machine (proc(5)); what ends meanwhile is left out. */
export async function listProcesses(): Promise<ProcessEntry[]> {
  const entries = await Promise.all(((await unlessAbsent(readdir("/proc"))) ?? []).filter(isNumber).map(readProcess));
  return entries.filter((entry) => entry !== undefined);
}

async function readProcess(pid: string): Promise<ProcessEntry | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/stat`, "utf8");
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8");
    const root = await readlink(`/proc/${pid}/root`).catch(() => "");
    // The second field is the name in parentheses, which may hold anything; the parent is the second one behind it.
    const parent = Number(status.slice(status.lastIndexOf(")") + 2).split(" ")[1]);
    return { pid: Number(pid), parent, root, command: command.replaceAll("\0", " ").trim() };
  } catch {
    return undefined;
  }
}

function isNumber(name: string): boolean {
  return /^\d+$/.test(name);
}

/** False where there is no such process, or it belongs to somebody else. */
export function signalProcess(pid: number, signal: "SIGTERM" | "SIGKILL"): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Makes a folder with a name of its own, for its maker to remove. */
export async function makeTemporaryFolder(parent: string, prefix: string): Promise<string> {
  return mkdtemp(join(await realpath(parent), prefix));
}

/** A file that grows while something goes on, so that it can be followed. */
export interface GrowingFile {
  append(text: string): void;
  /** Waits until all is written. */
  close(): Promise<void>;
}

/** Makes the file, or empties it. @throws where it cannot be written */
export async function openGrowingFile(path: string): Promise<GrowingFile> {
  const handle = await open(path, "w", 0o640);
  let writing: Promise<unknown> = Promise.resolve();
  return {
    append: (text) => {
      writing = writing.then(() => handle.write(text)).catch(() => undefined);
    },
    close: async () => {
      await writing;
      await handle.close();
    },
  };
}

/** SHA-256 and size, in bytes, of a file that may be large. */
export async function digestFile(path: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest("hex"), bytes };
}
