import { BuildError } from "../../compile/build-error.ts";
import type { Problem } from "../../config/problem.ts";
import { buildImage, type ImageBuild, type ImageFileContent } from "../build-image.ts";
import { checkHost } from "../check-host.ts";
import type { ImageFile } from "../image-manifest.ts";
import { finishOutputs } from "./finish-outputs.ts";
import { inputsHash, isBuilt } from "./inputs-hash.ts";
import { writeMetadata } from "./metadata.ts";
import type { RequestedImage } from "./request-images.ts";
import { Turns } from "./turns.ts";

export interface ImageJob {
  readonly image: RequestedImage;
  /** See imageFiles. */
  readonly files: ReadonlyMap<string, ImageFileContent>;
}

export interface JobOptions
  extends Pick<ImageBuild, "environment" | "workingDirectory" | "interactive" | "signal" | "now"> {
  /** How many builds go on at the same time. */
  readonly jobs: number;
  /** Leave out what is built from the same inputs already. */
  readonly resume: boolean;
  readonly onStart: (name: string) => void;
  readonly onLine: (name: string, ...line: Parameters<ImageBuild["onLine"]>) => void;
  readonly onWarning: (name: string, text: string) => void;
  readonly onEnd: (result: JobResult) => Promise<void>;
}

export interface JobResult {
  readonly name: string;
  readonly state: "built" | "unchanged" | "failed" | "not begun";
  /** In seconds. */
  readonly duration: number;
  readonly files: readonly ImageFile[];
  readonly error?: unknown;
}

/**
 * Builds images, several at the same time where it is asked for. One that fails does not keep the others from being built;
 * after the signal no other is begun. The results are in the order of the jobs.
 */
export async function buildImages(jobs: readonly ImageJob[], options: JobOptions): Promise<JobResult[]> {
  const results: JobResult[] = jobs.map(({ image }) => ({
    name: image.name,
    state: "not begun",
    duration: 0,
    files: [],
  }));
  const caches = new Turns();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < jobs.length && !options.signal.aborted) {
      const index = next++;
      const job = jobs[index] as ImageJob;
      const result = await runJob(job, options, caches);
      results[index] = result;
      await options.onEnd(result);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, jobs.length) }, worker));
  return results;
}

/**
 * Finds out before the first build what would end one of them minutes later.
 *
 * @throws AgentError `missing-tool`, `needs-root`
 * @throws BuildError with the elements that cannot be built, of all images
 */
export async function checkJobs(jobs: readonly ImageJob[], interactive: boolean): Promise<void> {
  const problems: Problem[] = [];
  for (const image of jobs.map((job) => job.image)) {
    try {
      const { expanded } = await checkHost(image.plan, image.resolution, interactive);
      problems.push(
        ...liveProblems(
          image,
          expanded?.elements.map(({ name }) => name),
        ),
      );
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new BuildError(problems);
}

/** The element that all of diskimage-builder's distributions with live-boot have in common. */
const liveFamily = "dpkg";

function liveProblems({ outputs }: RequestedImage, elements: readonly string[] = [liveFamily]): Problem[] {
  if (elements.includes(liveFamily)) return [];
  return outputs.flatMap(({ action, layer, path }) => {
    if (action !== "build-iso") return [];
    const message = "a live system can be made of Debian and Ubuntu only, which this image is none of";
    return [layer.problem([...path, "action"], "no-live-system", message)];
  });
}

async function runJob({ image, files }: ImageJob, options: JobOptions, caches: Turns): Promise<JobResult> {
  const { name, modules, resolution, plan } = image;
  const elapsed = stopwatch();
  try {
    const inputs = await inputsHash(image, files, options.environment);
    if (options.resume && inputs !== undefined && (await isBuilt(image, inputs))) {
      return { name, state: "unchanged", duration: elapsed(), files: [] };
    }
    options.onStart(name);
    // One build at a time fills the caches of diskimage-builder: it writes to them in place.
    const done = options.jobs > 1 ? await caches.take() : () => undefined;
    try {
      const { files: made } = await buildImage({
        ...options,
        modules,
        resolution,
        plan,
        environment: options.jobs > 1 ? withoutSharedApt(options.environment) : options.environment,
        // A password cannot be asked for by several at once.
        interactive: options.interactive && options.jobs === 1,
        ...(files.size === 0 ? {} : { imageFiles: files }),
        ...(inputs === undefined ? {} : { inputs }),
        finish: (places) => finishOutputs(image, places, options.signal),
        onLine: (progress, newPhase) => {
          if (!fillsCaches.has(progress.position.phase)) done();
          options.onLine(name, progress, newPhase);
        },
        onWarning: (text) => options.onWarning(name, text),
      });
      await writeMetadata(image);
      return { name, state: "built", duration: elapsed(), files: made };
    } finally {
      done();
    }
  } catch (error) {
    return { name, state: "failed", duration: elapsed(), files: [], error };
  }
}

/** The phases up to which diskimage-builder writes to its caches (its elements debootstrap, cache-url, source-repositories). */
const fillsCaches: ReadonlySet<string> = new Set(["start", "elements", "root", "extra-data"]);

/** apt holds a lock on its folder of packages for as long as it runs: a second build would fail at once. */
function withoutSharedApt(environment: JobOptions["environment"]): JobOptions["environment"] {
  return { DIB_APT_LOCAL_CACHE: "0", ...environment };
}

/** Seconds since it was called. */
function stopwatch(): () => number {
  const start = performance.now();
  return () => (performance.now() - start) / 1000;
}
