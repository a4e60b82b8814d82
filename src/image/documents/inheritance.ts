import type { Problem } from "../../config/problem.ts";
import { shown } from "../../config/shown.ts";
import { suggest } from "../../config/suggest.ts";
import type { Layer } from "./layer.ts";
import type { ImageDocument, NamedLayer } from "./read-documents.ts";

/** An image with all that it is made of, the outermost layer first. */
export interface DeclaredImage {
  /** As it is written: a template. */
  readonly name: string;
  readonly layers: readonly Layer[];
  /** Where the name stands. */
  readonly namePlace: NamedLayer["namePlace"];
}

/** The images of all documents of a file that are to be built, in their order, and what is wrong with their bases. */
export function declaredImages(documents: readonly ImageDocument[]): {
  images: readonly DeclaredImage[];
  problems: readonly Problem[];
} {
  const all = documents.flatMap(({ images }) => images);
  const byName = new Map<string, NamedLayer>();
  const problems: Problem[] = [];
  for (const image of all) {
    const { name } = image.declared;
    if (byName.has(name)) problems.push(sameName(image));
    else byName.set(name, image);
  }
  const images = all.flatMap((image): DeclaredImage[] => {
    const lineage = lineageOf(image, byName, problems);
    if (lineage === undefined || image.declared.abstract === true) return [];
    const layers = lineage.flatMap(({ spec, own }) => (own === undefined ? [spec] : [spec, own]));
    return [{ name: image.declared.name, layers: [...new Set(layers)], namePlace: image.namePlace }];
  });
  return { images, problems };
}

/** The image behind its bases, the outermost first; undefined where that has no end, or a base is missing. */
function lineageOf(
  image: NamedLayer,
  byName: ReadonlyMap<string, NamedLayer>,
  problems: Problem[],
): NamedLayer[] | undefined {
  const lineage = [image];
  for (let at = image; at.declared.base !== undefined; ) {
    const { base } = at.declared;
    const next = byName.get(base);
    if (next === undefined) {
      // Those that go on from an image without a base would only say it again.
      if (at === image) problems.push(unknownBase(image, base, byName));
      return undefined;
    }
    if (lineage.includes(next)) {
      if (next === image) problems.push(circular(image, lineage));
      return undefined;
    }
    lineage.unshift(next);
    at = next;
  }
  return lineage;
}

function sameName({ declared, namePlace }: NamedLayer): Problem {
  const message = `another image has the name ${shown(declared.name)} already`;
  return namePlace.layer.problem(namePlace.path, "same-name", message);
}

function unknownBase({ own, spec }: NamedLayer, base: string, byName: ReadonlyMap<string, NamedLayer>): Problem {
  const near = suggest(base, byName.keys());
  const hint =
    near === undefined ? `there are ${[...byName.keys()].map(shown).join(", ")}` : `did you mean ${shown(near)}?`;
  return (own ?? spec).problem(["base"], "unknown-base", `there is no image ${shown(base)} in this file`, { hint });
}

function circular({ own, spec }: NamedLayer, lineage: readonly NamedLayer[]): Problem {
  const names = [...lineage].reverse().map(({ declared }) => shown(declared.name));
  const message = `the image goes on from itself: ${[...names, names[0]].join(" from ")}`;
  return (own ?? spec).problem(["base"], "circular-base", message);
}
