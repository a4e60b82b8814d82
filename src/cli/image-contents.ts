import type { CompiledImage } from "../agent/image.ts";
import { imageSchema } from "../build/documents/image-schema.ts";
import type { Layer } from "../build/documents/layer.ts";
import { lastOf } from "../build/documents/layer.ts";
import type { RequestedImage } from "../build/documents/request-images.ts";
import type { Checkers } from "../config/embedded/check.ts";
import type { Problem } from "../config/problem.ts";
import { createCheckers, type Rules, rulesOfImage, rulesOfSchema } from "./checkers.ts";

/** What is wrong in an image's configurations, and the lines that may not be shown, by file. */
export interface ContentsCheck {
  readonly problems: readonly Problem[];
  readonly maskedLines: ReadonlyMap<string, ReadonlySet<number>>;
}

/**
 * Checks what images bring along for machines as the machines will: `configuration` and `networking`.
 *
 * @throws BuildError for elements whose schemas cannot be merged
 */
export async function checkContents(images: readonly RequestedImage[], shipped: CompiledImage): Promise<ContentsCheck> {
  const problems: Problem[] = [];
  const masked = new Map<string, Set<number>>();
  const mask = (file: string, lines: Iterable<number>): void => {
    masked.set(file, new Set([...(masked.get(file) ?? []), ...lines]));
  };
  const checked = images.filter(hasContents);
  if (checked.length === 0) return { problems, maskedLines: masked };
  const ownRules = await rulesOfImage(shipped);
  for (const image of checked) {
    const rules = await rulesFor(image, ownRules, shipped);
    const checkers = createCheckers(rules);
    for (const key of ["configuration", "networking"] as const) {
      const said = lastOf(image.layers, key);
      if (said !== undefined) problems.push(...checkPart(said.layer, key, said.value, checkers, mask));
    }
  }
  return { problems, maskedLines: masked };
}

type Mask = (file: string, lines: Iterable<number>) => void;

function hasContents({ layers }: RequestedImage): boolean {
  return (["configuration", "networking"] as const).some((key) => lastOf(layers, key) !== undefined);
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
