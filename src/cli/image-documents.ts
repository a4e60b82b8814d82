import type { CompiledImage } from "../agent/image.ts";
import { hasErrors, sortProblems } from "../config/problem.ts";
import { printable } from "../config/shown.ts";
import type { ImageJob, JobResult } from "../image/documents/build-images.ts";
import type { RequestedImage } from "../image/documents/request-images.ts";
import { usageError } from "./command-line.ts";
import { clock, ImageProgress, reportImageBuildError } from "./image-progress.ts";
import { type CliIo, exitCodes } from "./io.ts";
import { showProblems } from "./problems.ts";

export interface DocumentOptions {
  file: string;
  only: readonly string[];
  list: boolean;
  convert: boolean;
  dryRun: boolean;
  explain: boolean;
  offline: boolean;
  resume: boolean;
  metal3: string | undefined;
  jobs: number;
  /** Of `--list`. */
  format: "text" | "json";
}

/** `kanod-image-builder -f FILE`. Resolves to the exit code. */
export async function buildDocuments(io: CliIo, shipped: CompiledImage, options: DocumentOptions): Promise<number> {
  const { readDocuments } = await import("../image/documents/read-documents.ts");
  const { documents, problems } = await readDocuments(options.file, io.workingDirectory);
  if (options.convert) {
    if (hasErrors(problems)) return refuse(io, problems);
    await showProblems(io, problems);
    const { stringify } = await import("yaml");
    io.out(documents.map(({ value }) => stringify(value)).join("---\n"));
    return exitCodes.done;
  }
  const { environmentProblems, folderProblems, requestImages } = await import("../image/documents/request-images.ts");
  const context = { workingDirectory: io.workingDirectory, environment: io.environment, offline: options.offline };
  const requested = await requestImages(documents, context);
  const found = [...problems, ...requested.problems];
  const isPrinted = options.list || options.metal3 !== undefined || options.explain;
  if (hasErrors(found) && isPrinted) return refuse(io, found);
  // Problems of the images that are known are reported together with earlier ones.
  const images = hasErrors(found) ? requested.images : chosen(requested.images, options.only);
  if (options.list) return list(io, images, options);
  if (options.metal3 !== undefined) return metal3(io, images, options.metal3);
  if (options.explain) return explain(io, images);
  if (!options.dryRun) found.push(...(await environmentProblems(images, context)), ...(await folderProblems(images)));
  const jobs = await jobsOf(images, found);
  const { checkContents } = await import("./image-contents.ts");
  const { problems: wrong, maskedLines } = await checkContents(images, shipped, io.workingDirectory);
  found.push(...wrong);
  if (hasErrors(found)) return refuse(io, found, maskedLines);
  await showProblems(io, found, maskedLines);
  return options.dryRun ? dryRun(io, images) : build(io, jobs, options);
}

type Problems = Parameters<typeof showProblems>[1];

async function refuse(
  io: CliIo,
  problems: Problems,
  maskedLines?: Parameters<typeof showProblems>[2],
): Promise<number> {
  await showProblems(io, sortProblems(problems), maskedLines);
  return exitCodes.failed;
}

function chosen(images: readonly RequestedImage[], only: readonly string[]): readonly RequestedImage[] {
  const unknown = only.find((name) => !images.some((image) => image.name === name));
  if (unknown !== undefined) {
    const names = images.map(({ name }) => name).join(", ");
    throw usageError("unknown-image", `unknown image '${unknown}'`, `available: ${names}`);
  }
  return only.length === 0 ? images : images.filter(({ name }) => only.includes(name));
}

async function list(io: CliIo, images: readonly RequestedImage[], { format }: DocumentOptions): Promise<number> {
  const { listedImages, listJson, listText } = await import("../image/documents/list-images.ts");
  const listed = listedImages(images, io.workingDirectory);
  io.out(format === "json" ? listJson(listed) : listText(listed));
  return exitCodes.done;
}

async function metal3(io: CliIo, images: readonly RequestedImage[], url: string): Promise<number> {
  const { metal3Snippets } = await import("../image/documents/metadata.ts");
  io.out(await metal3Snippets(images, url));
  return exitCodes.done;
}

async function explain(io: CliIo, images: readonly RequestedImage[]): Promise<number> {
  const { explainResolution } = await import("../image/modules/explain.ts");
  io.out(images.map(({ name, resolution }) => `== ${name}\n\n${explainResolution(resolution)}`).join("\n"));
  return exitCodes.done;
}

async function dryRun(io: CliIo, images: readonly RequestedImage[]): Promise<number> {
  const { imagesScript } = await import("../image/image-plan.ts");
  io.out(imagesScript(images.map(({ plan }) => plan)));
  return exitCodes.done;
}

/** Builds with all that they need; what is wrong is added to `problems`. */
async function jobsOf(images: readonly RequestedImage[], problems: Problems[number][]): Promise<ImageJob[]> {
  const { imageFiles } = await import("../image/documents/image-files.ts");
  const jobs: ImageJob[] = [];
  for (const image of images) {
    const { files, problems: found } = await imageFiles(image);
    problems.push(...found);
    jobs.push({ image, files });
  }
  return jobs;
}

async function build(
  io: CliIo,
  jobs: readonly ImageJob[],
  { jobs: parallel, resume }: DocumentOptions,
): Promise<number> {
  const { BuildError } = await import("../compile/build-error.ts");
  const { buildImages, checkJobs } = await import("../image/documents/build-images.ts");
  await checkJobs(jobs, io.interactive);
  const progress = new ImageProgress(io);
  const several = jobs.length > 1;
  const results = await buildImages(jobs, {
    jobs: parallel,
    resume,
    environment: io.environment,
    workingDirectory: io.workingDirectory,
    interactive: io.interactive,
    signal: io.signal,
    now: () => new Date(),
    onStart: (name) => several && progress.say(`${name}: begins`),
    onLine: (name, state, newPhase) => progress.show(state, newPhase, several ? name : undefined),
    onWarning: (name, text) => progress.warn(several ? `${name}: ${text}` : text),
    onEnd: async ({ name, error }) => {
      progress.end();
      if (error === undefined) return;
      if (several) io.err(`${name}:\n`);
      if (error instanceof BuildError) await showProblems(io, error.problems);
      else reportImageBuildError(error, io);
    },
  });
  progress.end();
  io.out(summary(results));
  return results.every(({ state }) => state === "built" || state === "unchanged") ? exitCodes.done : exitCodes.failed;
}

/** A table, one image a line. */
function summary(results: readonly JobResult[]): string {
  const rows = results.map(({ name, state, duration, files }) => [
    name,
    state,
    state === "built" || state === "failed" ? clock(duration) : "",
    files.map((file) => `${file.name} ${(file.bytes / 1e6).toFixed(1)} MB`).join(", "),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${printable(line)}\n`)
    .join("");
}
