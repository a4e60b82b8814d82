import { join } from "node:path";
import { hasErrors, type Problem } from "../config/problem.ts";
import { BuildError, buildProblem } from "./build-error.ts";
import { BundleFailure, type BundleReport, bundle } from "./bundle.ts";
import { bundleProblems } from "./bundle-problems.ts";
import type { CollectedElement } from "./collect.ts";
import { agentName, type ImagePart, partOf, validatorsName } from "./launcher.ts";
import type { Stage } from "./stage.ts";
import { validatorPart, validatorsModule } from "./validators.ts";
import { readText } from "./workspace.ts";

/** The image's side of a program. */
export interface BundledImage {
  parts: Readonly<Record<ImagePart, string>>;
  /** Folders of the npm packages that are in it. */
  packages: readonly string[];
  warnings: readonly Problem[];
}

/**
 * Bundles the modules that stageImage has laid out.
 *
 * @throws BuildError with all that cannot be bundled
 */
export async function bundleImage(
  stage: Stage,
  elements: readonly CollectedElement[],
  work: string,
  signal?: AbortSignal,
): Promise<BundledImage> {
  const output = join(work, "image.cjs");
  const report = await bundled(stage, output, signal);
  const problems = await bundleProblems(report, elements, stage);
  if (hasErrors(problems)) throw new BuildError(problems);
  const parts = {
    image: partOf((await readText(output)) ?? ""),
    "configuration-validator": await validatorPart(stage.folder, "configuration"),
    "boot-validator": await validatorPart(stage.folder, "boot"),
    "system-validator": await validatorPart(stage.folder, "system"),
  };
  return { parts, packages: report.packages, warnings: problems };
}

async function bundled(stage: Stage, output: string, signal: AbortSignal | undefined): Promise<BundleReport> {
  const entry = join(stage.folder, "image.js");
  const external = { [agentName]: agentName, [validatorsModule]: validatorsName };
  try {
    return await bundle({ entry, output, external, base: stage.folder, signal });
  } catch (error) {
    if (!(error instanceof BundleFailure)) throw error;
    throw new BuildError([buildProblem("bundle-failed", `the contributions cannot be bundled: ${error.message}`)]);
  }
}
