import { dirname, join, resolve } from "node:path";
import { AgentError } from "../config/agent-error.ts";
import type { FileStatus, Host } from "../host/host.ts";
import { globMatcher } from "./glob.ts";

/** A file to look at, or why there is none. */
export interface InputFile {
  /** As the user knows it. */
  shown: string;
  path: string;
  /** The user named it, and did not only name a folder above it. */
  isNamed: boolean;
  /** In bytes. */
  size: number;
}

/** Something that was named and cannot be looked at. */
export interface MissingFile {
  shown: string;
  fault: string;
}

/** path_resolution(7). */
const maximumLinks = 40;

/** Files that may hold something of ours: YAML, and user-data by the names that cloud-init gives it; no program about it. */
const looksLikeInput = /\.ya?ml$|^user[-_]data(?!\.(?:py|go|[jt]s)$)(?:\.\w+)?$/;
/** Folders of other tools, full of their own YAML. */
const skippedFolders = /^(?:\..+|node_modules)$/;

/**
 * The files that operands name, in order; folders are walked, sorted by name. Links to files are followed, links to
 * folders below a named folder are not: so a walk has an end.
 */
export async function* inputFiles(
  host: Host,
  operands: readonly string[],
  options: { workingDirectory: string; exclude: readonly string[] },
): AsyncGenerator<InputFile | MissingFile> {
  const matchers = options.exclude.map(globMatcher);
  for (const shown of operands) {
    const path = resolve(options.workingDirectory, shown);
    const status = await statusOf(host, path);
    if (typeof status === "string") yield { shown, fault: status };
    else if (status.kind === "file") yield { shown, path, isNamed: true, size: status.size };
    else if (status.kind === "directory")
      yield* folder(host, shown, path, (name) => matchers.some((each) => each(name)));
    else yield { shown, fault: "it is no file and no folder" };
  }
}

async function* folder(
  host: Host,
  shown: string,
  path: string,
  isExcluded: (relative: string) => boolean,
): AsyncGenerator<InputFile | MissingFile> {
  let count = 0;
  for await (const file of walk(host, { shown, path, relative: "" }, isExcluded)) {
    count++;
    yield file;
  }
  if (count === 0) yield { shown, fault: "there is no YAML file in this folder" };
}

interface Folder {
  shown: string;
  path: string;
  /** Path below the folder that was named, with a `/` at the end; empty for that folder. */
  relative: string;
}

async function* walk(
  host: Host,
  { shown, path, relative }: Folder,
  isExcluded: (relative: string) => boolean,
): AsyncGenerator<InputFile | MissingFile> {
  const names = await attempt(async () => (await host.list(path)) ?? []);
  if (typeof names === "string") return yield { shown, fault: names };
  for (const name of names) {
    const below = { shown: join(shown, name), path: join(path, name), relative: `${relative}${name}` };
    if (isExcluded(below.relative)) continue;
    const own = await attempt(async () => host.stat(below.path));
    if (typeof own === "object" && own.kind === "directory") {
      if (!skippedFolders.test(name)) yield* walk(host, { ...below, relative: `${below.relative}/` }, isExcluded);
    } else if (looksLikeInput.test(name)) {
      const status = await statusOf(host, below.path);
      if (typeof status === "string") yield { shown: below.shown, fault: status };
      else if (status.kind === "file") yield { ...below, isNamed: false, size: status.size };
    }
  }
}

/** What a path leads to, through links; or why that is not known. */
async function statusOf(host: Host, path: string): Promise<FileStatus | string> {
  let at = path;
  for (let links = 0; links < maximumLinks; links++) {
    const status = await attempt(async () => host.stat(at));
    if (status === undefined) return links === 0 ? "there is no such file" : "it is a link to nothing";
    if (typeof status === "string" || status.kind !== "symlink") return status;
    const target = status.target ?? "";
    // What /dev/fd/N, which a shell makes of `<(command)`, leads to: proc(5).
    if (/^(?:pipe|socket):\[\d+\]$/.test(target)) return "it is a pipe: name - and give it to standard input";
    // Not put together by names: a `..` in it leaves the folder that the way leads to, also through other links.
    at = target.startsWith("/") ? target : `${dirname(at)}/${target}`;
  }
  return "it is a link that leads to itself";
}

async function attempt<T>(operation: () => Promise<T>): Promise<T | string> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof AgentError) return error.message;
    throw error;
  }
}
