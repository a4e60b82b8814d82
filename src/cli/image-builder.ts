import { resolve } from "node:path";
import type { CompiledImage } from "../agent/image.ts";
import type { BuildError } from "../compile/build-error.ts";
import type { ImagePlan } from "../image/image-plan.ts";
import type { ModuleDefinition } from "../image/modules/module-definition.ts";
import type { BuildResolution } from "../image/modules/resolve.ts";
import { execute, Program, usageError } from "./command-line.ts";
import { ImageProgress, reportImageBuildError } from "./image-progress.ts";
import { type CliIo, exitCodes } from "./io.ts";
import { showProblems } from "./problems.ts";

interface Arguments {
  set: string[];
  bool: string[];
  output: string;
  format: string;
  arch: string;
  packages: string[];
  core: boolean;
  dryRun?: true;
  explain?: true;
  offline?: true;
  debug?: string;
  file?: string;
  only: string[];
  list?: true;
  convert?: true;
  resume?: true;
  metal3?: string;
  jobs: number;
  help?: true;
}

/** `kanod-image-builder [options] MODULE…`. `image` is what this package ships. Resolves to the exit code. */
export async function imageBuilderCommand(io: CliIo, image: CompiledImage): Promise<number> {
  const { ownVersion } = await import("../compile/own-version.ts");
  const program = new Program(io, "kanod-image-builder", await ownVersion());
  program.command
    .description(
      "Decides what makes up an image from the config.yaml of modules, and builds it with diskimage-builder.",
    )
    .argument("[module...]", "folder with a config.yaml, a module of ours (core, demo), or an npm package with one")
    .option("-s, --set <key=value>", "value of an option of the modules; may be repeated", collect, [])
    .option("-b, --bool <flag>", "set a flag of the modules; may be repeated", collect, [])
    .option("-o, --output <name>", "name of the image", "img")
    .option("-t, --format <format,…>", "image formats: qcow2, tar, raw, …, or one of kernel, ramdisk", "qcow2")
    .option("-a, --arch <arch>", "architecture of the image, as diskimage-builder names it", "amd64")
    .option("-p, --packages <a,b>", "additional packages; may be repeated", collect, [])
    .option("--no-core", "do not load the module core")
    .option("--dry-run", "print the build as a shell script, and run nothing")
    .option("--explain", "print which entry of which module, and which condition, decided what; run nothing")
    .option("--offline", "let diskimage-builder use its caches without checking for updates")
    .option("--debug <file>", "also write the build as a shell script to a file")
    .option("-f, --file <file>", "build the images of a build document")
    .option("--only <name>", "with -f: only this image; may be repeated", collect, [])
    .option("--list", "with -f: print the images, with --format json as a matrix for other engines; build nothing")
    .option("--jobs <n>", "with -f: number of parallel builds", positiveInteger, 1)
    .option("--resume", "with -f: skip images that were already built from the same inputs")
    .option(
      "--metal3 <url>",
      "with -f: print `image` for Metal3 of images that are built; url of the folder they are in",
    )
    .option("--convert", "with -f: convert documents of Airship's image builder; build nothing")
    .helpOption(false)
    .option("-h, --help", "print this help; with modules, also their options and flags")
    .addHelpText("after", helpAfter);
  program.setAction<Arguments>(program.command, (options, modules) => run({ io, program, image, options }, modules));
  return execute(program, io);
}

const helpAfter = `
Writes NAME.FORMAT, NAME-schema.yaml, NAME-manifest.json, NAME.sha256 and NAME.log. The environment reaches
diskimage-builder as it is (DIB_*, ELEMENTS_PATH, break, …); variables of modules win over it. KANOD_IMAGE_DEBUG names
a file as --debug does.

Exit codes: 0 done, 1 a module is wrong or the build failed, 2 usage error.`;

interface Call {
  io: CliIo;
  program: Program;
  image: CompiledImage;
  options: Arguments;
}

async function run(call: Call, names: string[]): Promise<number> {
  const { io, program, options } = call;
  if (options.help && names.length === 0) {
    program.command.outputHelp();
    return exitCodes.done;
  }
  const { BuildError } = await import("../compile/build-error.ts");
  try {
    if (options.file !== undefined) return await buildFile(call, options.file, names);
    requireNo(program, fileOptions, (name) => `--${name} needs -f FILE`);
    return await build(io, program, options, names);
  } catch (error) {
    if (error instanceof BuildError) return await reportBuildError(io, error);
    return reportImageBuildError(error, io);
  }
}

/** Options that say something about a file of documents, and those that a document says itself. */
const fileOptions = ["only", "list", "jobs", "resume", "metal3", "convert"];
const moduleOptions = ["set", "bool", "output", "arch", "packages", "core", "debug"];

function requireNo(program: Program, names: readonly string[], message: (name: string) => string): void {
  const given = names.find((name) => program.command.getOptionValueSource(name) === "cli");
  if (given !== undefined) throw usageError("options-conflict", message(given));
}

async function buildFile(
  { io, program, image, options }: Call,
  file: string,
  names: readonly string[],
): Promise<number> {
  if (names.length > 0)
    throw usageError("options-conflict", "modules cannot be combined with -f: name them in the document");
  requireNo(program, moduleOptions, (name) => `--${name} cannot be combined with -f: set it in the document`);
  const isFormat = program.command.getOptionValueSource("format") === "cli";
  const { format } = options;
  if (isFormat && (!options.list || (format !== "text" && format !== "json"))) {
    throw usageError("options-conflict", "beside -f, --format is that of --list: text or json");
  }
  const { buildDocuments } = await import("./image-documents.ts");
  return buildDocuments(io, image, {
    file,
    only: options.only,
    list: options.list === true,
    convert: options.convert === true,
    dryRun: options.dryRun === true,
    explain: options.explain === true,
    offline: options.offline === true,
    resume: options.resume === true,
    metal3: options.metal3,
    jobs: options.jobs,
    format: isFormat && format === "json" ? "json" : "text",
  });
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw usageError("bad-number", `--jobs must be a positive integer, not '${text}'`);
  return value;
}

async function reportBuildError(io: CliIo, error: BuildError): Promise<number> {
  await showProblems(io, error.problems);
  return error.exitCode;
}

async function build(io: CliIo, program: Program, options: Arguments, names: readonly string[]): Promise<number> {
  if (names.length === 0) throw usageError("no-module", "no module given", "kanod-image-builder --help tells more");
  const formats = await formatsOf(options);
  const wishes = { set: assignments(options.set), flags: options.bool };
  const { loadModules } = await import("../image/modules/load-modules.ts");
  const modules = await loadModules(options.core ? ["core", ...names] : names, io.workingDirectory);
  const { resolveBuild } = await import("../image/modules/resolve.ts");
  if (options.help) return await showModuleOptions(io, program, modules);
  const resolution = resolveBuild({ modules, ...wishes });
  const problems = [...resolution.requestProblems, ...resolution.moduleProblems];
  await showProblems(io, [...problems, ...resolution.warnings]);
  if (problems.length > 0) return resolution.requestProblems.length > 0 ? exitCodes.usage : exitCodes.failed;
  if (options.explain) {
    const { explainResolution } = await import("../image/modules/explain.ts");
    io.out(explainResolution(resolution));
    return exitCodes.done;
  }
  const plan = await makePlan(io, options, formats, modules, resolution);
  return options.dryRun ? await printScript(io, plan) : await buildImages(io, options, modules, resolution, plan);
}

async function formatsOf({ format }: Arguments): Promise<string[]> {
  const { knownFormats, loneFormats } = await import("../image/image-plan.ts");
  const { suggest } = await import("../config/suggest.ts");
  const formats = [...new Set(format.split(","))];
  const unknown = formats.find((each) => !knownFormats.includes(each));
  if (unknown !== undefined) {
    const near = suggest(unknown, knownFormats);
    const hint = near === undefined ? `available: ${knownFormats.join(", ")}` : `did you mean ${near}?`;
    throw usageError("unknown-format", `unknown format '${unknown}'`, hint);
  }
  const [lone] = loneFormats(formats);
  if (lone === undefined) return formats;
  throw usageError("lone-format", `the format ${lone} cannot be combined with another one`);
}

/** The last value of a name counts. Blanks around name and value are ignored, as in kanod-image-builder's Python predecessor. */
function assignments(settings: readonly string[]): Record<string, string> {
  const entries = settings.map((setting) => {
    const sign = setting.indexOf("=");
    if (sign <= 0) throw usageError("bad-setting", `--set takes key=value, not '${setting}'`);
    return [setting.slice(0, sign).trim(), setting.slice(sign + 1).trim()] as const;
  });
  return Object.fromEntries(entries);
}

async function showModuleOptions(io: CliIo, program: Program, modules: readonly ModuleDefinition[]): Promise<number> {
  const { declaredOptions } = await import("../image/modules/options.ts");
  const { describeOptions } = await import("../image/modules/explain.ts");
  program.command.outputHelp();
  io.out(`\nOptions and flags of the modules ${modules.map(({ name }) => name).join(", ")}:\n`);
  io.out(describeOptions(declaredOptions(modules)));
  return exitCodes.done;
}

async function makePlan(
  io: CliIo,
  options: Arguments,
  formats: readonly string[],
  modules: readonly ModuleDefinition[],
  resolution: BuildResolution,
): Promise<ImagePlan> {
  const { elementsPath } = await import("../image/elements-path.ts");
  const { planImage } = await import("../image/image-plan.ts");
  const own = resolution.variables.find(({ name }) => name === "ELEMENTS_PATH")?.value;
  return planImage(resolution, await elementsPath(modules, own ?? io.environment["ELEMENTS_PATH"] ?? ""), {
    output: options.output,
    formats,
    architecture: options.arch,
    offline: options.offline === true,
    morePackages: options.packages.flatMap((list) => list.split(",").filter((name) => name !== "")),
  });
}

async function printScript(io: CliIo, plan: ImagePlan): Promise<number> {
  const { imageScript } = await import("../image/image-plan.ts");
  io.out(imageScript(plan));
  return exitCodes.done;
}

async function buildImages(
  io: CliIo,
  options: Arguments,
  modules: readonly ModuleDefinition[],
  resolution: BuildResolution,
  plan: ImagePlan,
): Promise<number> {
  const debugFile = options.debug ?? io.environment["KANOD_IMAGE_DEBUG"];
  if (debugFile !== undefined && debugFile !== "") {
    const { writeScript } = await import("../image/build-image.ts");
    await writeScript(plan, resolve(io.workingDirectory, debugFile));
  }
  const { buildImage } = await import("../image/build-image.ts");
  const progress = new ImageProgress(io);
  try {
    const { folder, files, logFile } = await buildImage({
      modules,
      resolution,
      plan,
      environment: io.environment,
      workingDirectory: io.workingDirectory,
      interactive: io.interactive,
      signal: io.signal,
      now: () => new Date(),
      onLine: (state, newPhase) => progress.show(state, newPhase),
      onWarning: (text) => progress.warn(text),
    });
    progress.end();
    for (const { name, bytes } of files) io.out(`${resolve(folder, name)}  ${(bytes / 1e6).toFixed(1)} MB\n`);
    io.err(`built in ${progress.elapsed()}, log: ${logFile}\n`);
    return exitCodes.done;
  } finally {
    progress.end();
  }
}

function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}
