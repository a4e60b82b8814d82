// biome-ignore lint/style/noRestrictedImports: this file is a process of its own, which hands back files
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
// biome-ignore lint/style/noRestrictedImports: as above
import process from "node:process";
import { Script } from "node:vm";
import type { BundleReport, BundleRequest } from "./bundle.ts";

/**
 * Runs ncc for bundle.ts, which gives the path of a file with a {@link BundleRequest}. In a process of its own, because
 * ncc takes names relative to the current folder into its output, and some of Node's warnings are about ncc.
 */

/** What is used of ncc's result: it has no types. */
interface NccResult {
  code: string;
  assets: Readonly<Record<string, { source: string | Uint8Array }>>;
  stats: { compilation: Compilation };
}

interface Compilation {
  modules: Iterable<Module>;
  moduleGraph: {
    getIncomingConnections(module: Module): Iterable<Connection>;
    /** The module that was the first to import it. */
    getIssuer(module: Module): Module | null | undefined;
  };
}

interface Module {
  /** Absolute, with a query; undefined for what webpack made itself. */
  resource?: string;
  buildInfo?: { assets?: Readonly<Record<string, unknown>> };
  /** Of modules that were joined to one. */
  modules?: Iterable<Module>;
  originalSource?(): { source(): string | Uint8Array } | null;
}

interface Connection {
  /** Unlike `originModule` it is never one that several were joined to. */
  resolvedOriginModule: Module | null;
}

type Ncc = (entry: string, options: Readonly<Record<string, unknown>>) => Promise<NccResult>;

/** ncc puts this module in the place of one that it does not find; the name follows as a query. */
const notFound = "@@notfound.js?";
/** How ncc's code loads what a dynamic import without `webpackMode: "eager"` leads to, from a file beside it. */
const loadChunk = 'require("./" + __nccwpck_require__.u(chunkId))';

try {
  await bundle(JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as BundleRequest);
} catch (error) {
  // Node itself would show the line of ncc's code that threw, which is hundreds of kilobytes long.
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function bundle({ ncc: path, entry, output, report, external }: BundleRequest): Promise<void> {
  const ncc = createRequire(import.meta.url)(path) as Ncc;
  const { code, assets, stats } = await ncc(entry, {
    cache: false,
    quiet: true,
    esm: false,
    target: "es2022",
    externals: external,
  });
  const whole = withChunks(code, assets);
  writeFileSync(output, withoutPaths(whole));
  writeFileSync(report, JSON.stringify(examine(stats.compilation, whole)));
}

/** The code with all of these files in it: an agent is one file. They are still evaluated only when they are imported. */
function withChunks(code: string, assets: NccResult["assets"]): string {
  const chunks = Object.entries(assets).filter(([name]) => /^\d+\.index\.js$/.test(name));
  if (chunks.length === 0) return code;
  const parts = code.split(loadChunk);
  if (parts.length !== 2) throw new Error("ncc loads dynamic imports in a way that is not known");
  const functions = chunks
    .map(([name, { source }]) => [Number.parseInt(name, 10), Buffer.from(source).toString()] as const)
    .sort(([one], [other]) => one - other)
    .map(([id, text]) => `${id}: (exports) => {${text}\n}`);
  return parts.join(`((chunk) => (({\n${functions.join(",\n")}\n})[chunkId](chunk), chunk))({})`);
}

/** Joined modules, and what they import, are headed by paths, which are not the same on another machine. */
function withoutPaths(code: string): string {
  return code.replace(/^(;?)\/\/ (?:CONCATENATED|EXTERNAL) MODULE: .*$/gm, "$1");
}

function examine(compilation: Compilation, code: string): BundleReport {
  const modules = [...compilation.modules].flatMap((module) => [module, ...(module.modules ?? [])]);
  return {
    missing: modules.flatMap((module) => missingImports(module, compilation)),
    assets: modules.flatMap((module) =>
      Object.keys(module.buildInfo?.assets ?? {}).map((name) => ({ name, files: importers(module, compilation) })),
    ),
    invalid: invalidModules(modules, code),
    packages: packagesOf(modules),
  };
}

function packagesOf(modules: readonly Module[]): string[] {
  const folders = modules.map(({ resource = "" }) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(resource)?.[0]);
  return [...new Set(folders.filter((folder) => folder !== undefined))];
}

function missingImports(module: Module, { moduleGraph }: Compilation): BundleReport["missing"] {
  const at = module.resource?.indexOf(notFound) ?? -1;
  const request = module.resource?.slice(at + notFound.length) ?? "";
  if (at === -1) return [];
  const origins = [...moduleGraph.getIncomingConnections(module)].map(
    (each) => each.resolvedOriginModule?.resource ?? "",
  );
  return [...new Set(origins)].filter((file) => !file.includes(notFound)).map((file) => ({ request, file }));
}

/** The module itself, the one that imports it, and so on. */
function importers(module: Module, { moduleGraph }: Compilation): string[] {
  const files: string[] = [];
  for (let at: Module | null | undefined = module; at; at = moduleGraph.getIssuer(at)) files.push(at.resource ?? "");
  return files;
}

/** import.meta, but for its url, cannot be expressed in the script that a bundle is: which module has it? */
function invalidModules(modules: readonly Module[], code: string): BundleReport["invalid"] {
  try {
    new Script(`(() => {${code}\n})`);
    return [];
  } catch (error) {
    const files = modules.filter((module) => /\bimport\.meta\b(?!\.url\b)/.test(sourceOf(module)));
    return [{ message: String(error), files: files.flatMap(({ resource }) => resource ?? []) }];
  }
}

function sourceOf(module: Module): string {
  return String(module.originalSource?.()?.source() ?? "");
}
