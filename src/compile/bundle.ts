import { dirname, join, relative } from "node:path";
import { shown } from "../config/shown.ts";
import { copyTree, machine, readText, requiredPackage, runProgram, workerFile, writeText } from "./workspace.ts";

export interface BundleRequest {
  /** Path of ncc's main module. */
  ncc: string;
  /** Absolute path of the module to begin with. */
  entry: string;
  /** Where the bundle, a CommonJS module, is written. */
  output: string;
  /** Where the {@link BundleReport} is written, as JSON. */
  report: string;
  /** Imports that stay outside, by how they are written: the bundle calls `require` with the name that is given here. */
  external: Readonly<Record<string, string>>;
}

/** What is worth knowing of a bundle. Files are absolute. */
export interface BundleReport {
  /** Imports that lead nowhere, and the files that have them: they throw when they are reached. */
  missing: { request: string; file: string }[];
  /** What would have to lie beside the bundle: the module that needs it, the one that imports that, and so on. */
  assets: { name: string; files: string[] }[];
  /** Modules that cannot be bundled. */
  invalid: { message: string; files: string[] }[];
  /** Folders of the npm packages that are in the bundle. */
  packages: string[];
}

export interface BundleOptions extends Omit<BundleRequest, "report" | "ncc"> {
  /**
   * Folder of the sources. The bundle depends on the paths of all modules relative to it, also of ncc's own, which are
   * laid beside the output: so what lies where relative to this folder has to be the same in every build.
   */
  base: string;
  signal?: AbortSignal | undefined;
}

/** In characters. */
const maxReason = 500;

/** A module that ncc cannot parse. Its text is for people. */
export class BundleFailure extends Error {}

/**
 * Makes one CommonJS module of a module and all that it imports. What it imports dynamically is in there too, and is
 * evaluated when it is imported.
 *
 * @throws BundleFailure
 */
export async function bundle({ base, signal, ...request }: BundleOptions): Promise<BundleReport> {
  const report = `${request.output}.report.json`;
  const requestFile = `${request.output}.request.json`;
  const ncc = await copyOfNcc(join(dirname(request.output), "ncc"));
  await writeText(requestFile, JSON.stringify({ ...request, report, ncc } satisfies BundleRequest));
  const argv = [machine.nodeFile, "--no-warnings", workerFile("bundle-worker"), requestFile];
  const { exitCode, stderr } = await runProgram(argv, { cwd: base, signal });
  const text = exitCode === 0 ? await readText(report) : undefined;
  if (text === undefined) throw new BundleFailure(failureText(stderr));
  return JSON.parse(text) as BundleReport;
}

/** Without what compiles TypeScript, which is two thirds of it. */
async function copyOfNcc(folder: string): Promise<string> {
  const original = join(requiredPackage("@vercel/ncc"), "dist/ncc");
  await copyTree(original, folder, (path) => !/\/(?:ts-loader|typescript)[^/]*$/.test(relative(original, path)));
  // It is CommonJS, whatever package.json lies in a folder above.
  await writeText(join(folder, "package.json"), "{}");
  return join(folder, "index.js");
}

/** The reason in what ncc said, with the line it could not parse: it tells no file. Without the list of its loaders. */
function failureText(said: string): string {
  const lines = said.trim().split("\n");
  const marked = lines.find((line) => line.startsWith("> "))?.slice(2);
  const reason = lines[0]?.slice(0, maxReason) ?? "";
  return marked === undefined ? reason : `${reason}: ${shown(marked)}`;
}
