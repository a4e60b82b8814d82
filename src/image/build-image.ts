import { basename, dirname, join, resolve } from "node:path";
import type { Manifest } from "../compile/manifest.ts";
import { ownVersion } from "../compile/own-version.ts";
import {
  findProgram,
  machine,
  makeFolder,
  makeTemporaryFolder,
  packageFolder,
  pathKind,
  readText,
  removeTree,
  runProgram,
  writeText,
} from "../compile/workspace.ts";
import { AgentError } from "../config/agent-error.ts";
import { shellString } from "../config/shell-word.ts";
import { type CheckedHost, checkHost } from "./check-host.ts";
import type { ImageElement } from "./diskimage-builder.ts";
import { shadowedElements } from "./elements-path.ts";
import { compileImageAgent } from "./image-agent.ts";
import { ImageBuildError } from "./image-build-error.ts";
import { type ImageFile, imageManifest } from "./image-manifest.ts";
import { type ImagePlan, imageCommand, imageScript } from "./image-plan.ts";
import { removeLeftovers } from "./leftovers.ts";
import type { ModuleDefinition } from "./modules/module-definition.ts";
import type { BuildResolution } from "./modules/resolve.ts";
import { type BuildPosition, BuildProgress } from "./progress.ts";
import { builtFiles, checksums, publishFolder } from "./publish-image.ts";
import { type BuildOutcome, runBuild } from "./run-build.ts";
import { stageElements } from "./stage-elements.ts";

export interface ImageBuild {
  readonly modules: readonly ModuleDefinition[];
  readonly resolution: BuildResolution;
  readonly plan: ImagePlan;
  /** What the caller's environment has; the plan's variables win over it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** There is a terminal to ask for a password. */
  readonly interactive: boolean;
  readonly signal: AbortSignal;
  /** The time, for names of older images. */
  readonly now: () => Date;
  readonly onLine: (progress: BuildProgress, newPhase: boolean) => void;
  /**
   * What goes into the image besides its elements: `files/PATH` and, for its package manager, `repositories/NAME`. Needs
   * the element kanod-configure.
   */
  readonly imageFiles?: ReadonlyMap<string, ImageFileContent>;
  /** Makes more of what was built, before it is described and published. */
  readonly finish?: (places: FinishPlaces) => Promise<void>;
  /** A hash of all that decides what is built, for the manifest. */
  readonly inputs?: string;
  /** Called with what did not go as it should, and did not keep the build from going on. */
  readonly onWarning: (text: string) => void;
}

export interface FinishPlaces {
  /** Where the images lie. */
  readonly folder: string;
  /** For what is needed only meanwhile; it is removed with all the rest. */
  readonly work: string;
  /** Says what is made now, as phases of the build are shown. */
  readonly step: (name: string) => void;
}

export interface ImageFileContent {
  readonly text: string;
  /** Permissions, such as 0o600. */
  readonly mode: number;
}

export interface BuiltImage {
  /** Folder of the files. */
  readonly folder: string;
  readonly files: readonly ImageFile[];
  readonly logFile: string;
}

/**
 * Builds the images of a plan with diskimage-builder. Images, `NAME-schema.yaml`, `NAME-manifest.json` and `NAME.sha256`
 * appear under their names when all went well, the log while it goes on. The build has a temporary folder of its own,
 * and whatever is mounted or attached below it is taken down at the end, whatever the outcome.
 *
 * @throws AgentError for a host that cannot build, see {@link checkHost}; `output-unwritable`
 * @throws BuildError for elements that cannot be built
 * @throws ImageBuildError for a build that failed, or was interrupted
 */
export async function buildImage(build: ImageBuild): Promise<BuiltImage> {
  const host = await checkHost(build.plan, build.resolution, build.interactive);
  const output = resolve(build.workingDirectory, build.plan.output);
  const folder = dirname(output);
  await warnOfShadowed(build, host);
  const staging = await writableFolder(folder, `.${basename(output)}-`);
  const work = await writableFolder(build.environment["TMP_DIR"] || "/tmp", "kanod-image-");
  const logFile = `${output}.log`;
  try {
    const outcome = await run(build, host, { staging, work, logFile });
    await requireSuccess(outcome, build, host, logFile);
    const progress = new BuildProgress(0);
    const step = (name: string): void => build.onLine(progress, progress.enter(name));
    await build.finish?.({ folder: staging, work, step });
    const files = await describe(build, host, staging, basename(output));
    await publishFolder(staging, folder, { keepAs: keptSuffix(build) });
    return { folder, files, logFile };
  } finally {
    for (const left of await removeLeftovers(work)) build.onWarning(`could not be cleaned up: ${left}`);
    await removeTree(staging);
  }
}

/** Writes the build as a shell script, as users run it without this program. @throws AgentError `output-unwritable` */
export async function writeScript(plan: ImagePlan, file: string): Promise<void> {
  await writeText(file, imageScript(plan), 0o700).catch((error: Error) => {
    throw new AgentError("output-unwritable", `${file} cannot be written: ${error.message}`);
  });
}

async function warnOfShadowed({ plan, onWarning }: ImageBuild, { expanded }: CheckedHost): Promise<void> {
  if (expanded === undefined) return;
  const folders = [...(plan.variables.get("ELEMENTS_PATH") ?? "").split(":"), expanded.ownFolder];
  const names = expanded.elements.map(({ name }) => name);
  for (const { name, used, unused } of await shadowedElements(names, folders)) {
    onWarning(`the element ${name} is taken from ${used}, not from ${unused.join(", ")}`);
  }
}

interface Places {
  /** Where the images are made, on the file system that they go to. */
  staging: string;
  work: string;
  logFile: string;
}

async function writableFolder(parent: string, prefix: string): Promise<string> {
  try {
    await makeFolder(parent);
    return await makeTemporaryFolder(parent, prefix);
  } catch (error) {
    const { message } = error as Error;
    throw new AgentError("output-unwritable", `the folder ${parent} cannot be written: ${message}`);
  }
}

async function run(build: ImageBuild, host: CheckedHost, places: Places): Promise<BuildOutcome> {
  const { plan, workingDirectory, resolution, signal, onLine } = build;
  const { vars, secret } = resolution.options;
  // Shells for debugging (`break=`) need the terminal, and nothing between it and them.
  const forShells = (build.environment["break"] ?? "") !== "";
  return runBuild({
    argv: [...imageCommand(plan, places.staging)],
    workingDirectory,
    environment: await buildEnvironment(build, host, places.work),
    logFile: places.logFile,
    // Shorter ones would make holes in every line and still be found.
    secrets: [
      ...[...secret].map((name) => vars.get(name) ?? ""),
      ...resolution.variables.flatMap((variable) => (variable.secret ? variable.value : [])),
    ].filter((value) => value.length >= 4),
    signal,
    terminal: forShells ? "all" : host.needsTerminal ? "password" : "none",
    onLine,
  });
}

async function buildEnvironment(
  { environment: inherited, plan, resolution, signal, imageFiles }: ImageBuild,
  { expanded }: CheckedHost,
  work: string,
): Promise<Record<string, string | undefined>> {
  const { NODE_OPTIONS: _, ...environment } = { ...inherited, ...Object.fromEntries(plan.variables) };
  const agent = await compileImageAgent({
    elements: expanded?.elements ?? [],
    architecture: plan.architecture,
    runtime: environment["KANOD_AGENT_RUNTIME"] ?? "",
    work,
    signal,
  });
  const programs = await ownProgramFolder(work);
  const staged = await stageElements(expanded?.elements ?? [], join(work, "elements"));
  // What is in a folder whose path has a space was copied: diskimage-builder would take the path for two.
  const folders = (environment["ELEMENTS_PATH"] ?? "").split(":").filter((each) => !/\s/.test(each));
  return {
    ...environment,
    ELEMENTS_PATH: [...(staged === undefined ? [] : [staged]), ...folders].join(":"),
    ...(agent === undefined ? {} : { KANOD_COMPILED_AGENT: agent }),
    ...(imageFiles === undefined ? {} : { KANOD_IMAGE_FILES: await writeImageFiles(imageFiles, work) }),
    KANOD_SECRET_VARIABLES: resolution.variables.flatMap(({ name, secret }) => (secret ? [name] : [])).join(" "),
    PATH: [programs, environment["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin"].join(":"),
    // All that diskimage-builder mounts and makes lies below it. (TMPDIR would reach programs in the image's root too.)
    TMP_DIR: work,
  };
}

/** A folder with `kanod-configure` of this package, run by this Node, for the element that compiles the agent. */
async function ownProgramFolder(work: string): Promise<string> {
  const program = join(packageFolder, "dist/bin/kanod-configure.js");
  const script = `#!/bin/sh\nexec ${shellString(machine.nodeFile)} ${shellString(program)} "$@"\n`;
  await writeText(join(work, "bin/kanod-configure"), script, 0o755);
  return join(work, "bin");
}

/** A tree that the element kanod-configure copies into the image. */
async function writeImageFiles(files: ReadonlyMap<string, ImageFileContent>, work: string): Promise<string> {
  const tree = join(work, "image-files");
  for (const [path, { text, mode }] of files) await writeText(join(tree, path), text, mode);
  return tree;
}

/** In the words of the C library, and of tar(1). */
const noSpace = /No space left on device|Wrote only \d+ of \d+ bytes/;

async function requireSuccess(
  { exitCode, fault, position, lastLines }: BuildOutcome,
  { signal }: ImageBuild,
  { expanded }: CheckedHost,
  logFile: string,
): Promise<void> {
  if (exitCode === 0 && !signal.aborted) return;
  const element = await elementOf(position, expanded?.elements ?? []);
  const where = { position: { ...position, element }, lastLines, logFile };
  if (signal.aborted)
    throw new ImageBuildError("interrupted", `the build was interrupted in ${place(where.position)}`, where);
  const how = exitCode === undefined ? fault : `exit code ${exitCode}`;
  throw new ImageBuildError("image-build-failed", `the build failed in ${place(where.position)} (${how})`, {
    ...where,
    hint: lastLines.some((line) => noSpace.test(line))
      ? "a file system is full, of the output or of the build: TMP_DIR names the folder for the build, DIB_NO_TMPFS=1 keeps it out of the memory"
      : "break=after-error in the environment opens a shell at the place of the error",
  });
}

/** The element that a script of a phase is from: file names are unique in an image. */
async function elementOf(
  { phase, script }: BuildPosition,
  elements: readonly ImageElement[],
): Promise<string | undefined> {
  if (script === undefined) return undefined;
  const files = elements.map(({ folder }) => join(folder, `${phase}.d`, script));
  const kinds = await Promise.all(files.map(pathKind));
  return elements[kinds.indexOf("file")]?.name;
}

function place({ phase, script, element }: ImageBuildError["position"]): string {
  if (script === undefined) return `the phase ${phase}`;
  return `${phase}.d/${script}${element === undefined ? "" : ` of the element ${element}`}`;
}

/** Writes what goes beside the images, and gives the images. */
async function describe(build: ImageBuild, host: CheckedHost, staging: string, name: string): Promise<ImageFile[]> {
  const { plan, modules, resolution } = build;
  const files = await builtFiles(staging, name);
  const manifest = await imageManifest({
    plan,
    name,
    modules,
    resolution,
    elements: host.expanded?.elements.map((element) => element.name) ?? plan.elements,
    files,
    agent: await agentManifest(staging, name),
    inputs: build.inputs,
    tools: await toolVersions(host),
  });
  await removeTree(join(staging, `${name}-agent.sha256`));
  await writeText(join(staging, `${name}-manifest.json`), `${JSON.stringify(manifest, undefined, 2)}\n`);
  await writeText(join(staging, `${name}.sha256`), checksums(files));
  return files;
}

/** What the element kanod-configure leaves beside the image. */
async function agentManifest(staging: string, name: string): Promise<(Manifest & { sha256: string }) | undefined> {
  const manifest = await readText(join(staging, `${name}-manifest.json`));
  const hash = await readText(join(staging, `${name}-agent.sha256`));
  if (manifest === undefined || hash === undefined) return undefined;
  return { ...(JSON.parse(manifest) as Manifest), sha256: hash.split(" ")[0] ?? "" };
}

async function toolVersions({ expanded }: CheckedHost): Promise<Record<string, string>> {
  const asked = await Promise.all(
    ["qemu-img", "debootstrap", "xorriso"].map(async (tool) => [tool, await versionOf(tool)] as const),
  );
  return {
    "kanod-configure": await ownVersion(),
    ...(expanded === undefined ? {} : { "diskimage-builder": expanded.version }),
    ...Object.fromEntries(asked.filter(([, version]) => version !== "")),
  };
}

async function versionOf(tool: string): Promise<string> {
  const path = await findProgram(tool);
  if (path === undefined) return "";
  const { stdout } = await runProgram([path, "--version"], { timeout: 10 });
  return /\d+(?:\.\d+)+/.exec(stdout)?.[0] ?? "";
}

/** diskimage-builder's own rule: an older image is renamed unless it is told to overwrite it. */
function keptSuffix({ plan, environment, now }: ImageBuild): string | undefined {
  const overwrite = plan.variables.get("OVERWRITE_OLD_IMAGE") ?? environment["OVERWRITE_OLD_IMAGE"] ?? "0";
  if (overwrite !== "" && overwrite !== "0") return undefined;
  const [date = "", time = ""] = now().toISOString().split("T");
  return `${date.replaceAll("-", ".")}-${time.slice(0, 8).replaceAll(":", ".")}`;
}
