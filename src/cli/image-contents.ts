import { relative } from "node:path";
import type { CompiledImage } from "../agent/image.ts";
import { readBytes } from "../compile/workspace.ts";
import { type Problem, withoutRepetitions } from "../config/problem.ts";
import { shown } from "../config/shown.ts";
import { parseYaml } from "../config/yaml.ts";
import { imageSchema } from "../image/documents/image-schema.ts";
import type { Layer } from "../image/documents/layer.ts";
import { lastOf } from "../image/documents/layer.ts";
import { type PlannedOutput, type SeedKey, seedKeys } from "../image/documents/outputs.ts";
import type { RequestedImage } from "../image/documents/request-images.ts";
import { type Checkers, checkFile } from "../user-data/read/check.ts";
import type { KnownKeys } from "../user-data/read/detect.ts";
import { inspectFile } from "../user-data/read/inspect.ts";
import { createCheckers, knownKeysOf, type Rules, rulesOfImage, rulesOfSchema } from "./checkers.ts";

/** What is wrong in an image's configurations, and the lines that may not be shown, by file. */
export interface ContentsCheck {
  readonly problems: readonly Problem[];
  readonly maskedLines: ReadonlyMap<string, ReadonlySet<number>>;
}

/**
 * Checks what images bring along for machines as the machines will: `configuration`, `networking` and the seeds of live
 * systems.
 *
 * @throws BuildError for elements whose schemas cannot be merged
 */
export async function checkContents(
  images: readonly RequestedImage[],
  shipped: CompiledImage,
  workingDirectory: string,
): Promise<ContentsCheck> {
  const problems: Problem[] = [];
  const masked = new Map<string, Set<number>>();
  const mask = (file: string, lines: Iterable<number>): void => {
    masked.set(file, new Set([...(masked.get(file) ?? []), ...lines]));
  };
  const checked = images.filter(hasContents);
  if (checked.length === 0) return { problems: [], maskedLines: masked };
  const ownRules = await rulesOfImage(shipped);
  for (const image of checked) {
    const rules = await rulesFor(image, ownRules, shipped);
    const checkers = createCheckers(rules);
    for (const key of ["configuration", "networking"] as const) {
      const said = lastOf(image.layers, key);
      if (said !== undefined) problems.push(...checkPart(said.layer, key, said.value, checkers, mask));
    }
    const known = knownKeysOf(rules);
    for (const { key, file, output } of seedFiles(image)) {
      const shownFile = relative(workingDirectory, file);
      const content = await readBytes(file).catch(() => undefined);
      if (content === undefined) {
        const message = `there is no file ${shown(shownFile)}`;
        problems.push(output.layer.problem([...output.path, key], "missing-input", message));
      } else problems.push(...checkSeed(key, content, shownFile, { checkers, known, mask }));
    }
  }
  // What several images of a matrix, or with one base, have in common is wrong once.
  return { problems: withoutRepetitions(problems), maskedLines: masked };
}

type Mask = (file: string, lines: Iterable<number>) => void;

function hasContents(image: RequestedImage): boolean {
  const { layers } = image;
  const isSaid = (["configuration", "networking"] as const).some((key) => lastOf(layers, key) !== undefined);
  return isSaid || seedFiles(image).length > 0;
}

function seedFiles({ outputs }: RequestedImage): { key: SeedKey; file: string; output: PlannedOutput }[] {
  return outputs.flatMap((output) =>
    seedKeys.flatMap((key) => {
      const file = output.seed[key];
      return file === undefined ? [] : [{ key, file, output }];
    }),
  );
}

/** User-data may hold our documents among others; a network configuration is one as a whole. */
function checkSeed(
  key: SeedKey,
  content: Uint8Array,
  file: string,
  { checkers, known, mask }: { checkers: Checkers; known: KnownKeys; mask: Mask },
): readonly Problem[] {
  if (key === "networkConfigFileName") {
    const result = checkers.check.network?.(parseYaml(content, file));
    mask(file, result?.secretLines ?? []);
    return result?.problems ?? [];
  }
  const inspected = inspectFile(content, file, { known, name: "user-data", otherwise: undefined });
  const { problems, maskedLines } = checkFile(inspected, checkers);
  mask(file, maskedLines);
  return problems;
}

/** The image's own schema, where that can be known, with the checks of the contributions that we ship. */
async function rulesFor(image: RequestedImage, own: Rules, shipped: CompiledImage): Promise<Rules> {
  const schema = await imageSchema(image);
  if (schema === undefined) return own;
  return { ...(await rulesOfSchema(schema, shipped)), contributions: own.contributions };
}

function checkPart(
  layer: Layer,
  key: "configuration" | "networking",
  value: unknown,
  { check }: Checkers,
  mask: Mask,
): readonly Problem[] {
  const document = layer.document([key], value);
  const result = (key === "configuration" ? check.configuration : check.network)?.(document);
  if (result === undefined) return [];
  mask(document.file, result.secretLines);
  return result.problems.map((problem) => ({ ...problem, pointer: layer.pointer([key]) + problem.pointer }));
}
