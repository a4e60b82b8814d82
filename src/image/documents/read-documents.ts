import { dirname, resolve } from "node:path";
import { readBytes } from "../../compile/workspace.ts";
import { AgentError } from "../../config/agent-error.ts";
import { isMapping } from "../../config/mapping.ts";
import { hasErrors, type Problem, pointerParts, type SourceRange } from "../../config/problem.ts";
import { parseYamlStream } from "../../config/yaml.ts";
import { imageCheck } from "../document-checks.ts";
import { airshipDocument, isAirship } from "./airship.ts";
import type { DocumentValue, NamedPart } from "./image-part.ts";
import { Layer, type Path, type PlacedDocument } from "./layer.ts";

/** A document that the schema accepts, with the place of everything in it. */
export interface ImageDocument {
  readonly value: DocumentValue;
  readonly spec: Layer;
  readonly images: readonly NamedLayer[];
}

/** An image as it is declared. */
export interface NamedLayer {
  readonly declared: Pick<NamedPart, "name" | "base" | "abstract">;
  /** Undefined for the one image of a document without `images`, which is its `spec`. */
  readonly own: Layer | undefined;
  readonly namePlace: { readonly layer: Layer; readonly path: Path };
  readonly spec: Layer;
}

export interface ReadDocuments {
  /** Without what the schema refuses, and without documents that cannot be understood without that. */
  readonly documents: readonly ImageDocument[];
  readonly problems: readonly Problem[];
}

/**
 * Reads the build documents of a file: ours, and those of Airship's image builder, which become ours.
 *
 * @throws AgentError `unreadable` (exit code 3)
 */
export async function readDocuments(file: string, workingDirectory: string): Promise<ReadDocuments> {
  const path = resolve(workingDirectory, file);
  const bytes = await readBytes(path).catch((error: Error) => {
    throw new AgentError("unreadable", `${file} cannot be read: ${error.message}`, { exitCode: 3 });
  });
  if (bytes === undefined) throw new AgentError("unreadable", `${file}: there is no such file`, { exitCode: 3 });
  const check = await imageCheck();
  const streams = parseYamlStream(bytes, file).filter((each, index) => index === 0 || each.value !== null);
  const read = streams.map((document): ReadDocuments => {
    const { problems: found } = check(document);
    // An empty document has no place of its own.
    const problems = found.map((problem): Problem => ({ source: startOf(file), ...problem }));
    if (isAirship(document.value)) {
      if (hasErrors(problems)) return { documents: [], problems };
      const { document: ours, value } = airshipDocument(document);
      return { documents: [imageDocument(ours, value, dirname(path))], problems };
    }
    const value = acceptedParts(document.value as DocumentValue, problems);
    return { documents: value === undefined ? [] : [imageDocument(document, value, dirname(path))], problems };
  });
  return {
    documents: read.flatMap(({ documents }) => documents),
    problems: read.flatMap(({ problems }) => problems),
  };
}

/** Parts of an image that say nothing about the others. */
const separate: ReadonlySet<string> = new Set(["outputs", "networking", "configuration", "software", "storage"]);

/**
 * A document without what the schema refuses, so that all that is wrong with the rest can be told at once; undefined where
 * the rest would get another meaning.
 */
function acceptedParts(value: DocumentValue, problems: readonly Problem[]): DocumentValue | undefined {
  if (!hasErrors(problems)) return value;
  const accepted = structuredClone(value);
  for (const { code, pointer } of problems.filter(({ severity }) => severity === "error")) {
    const [top, ...below] = pointerParts(pointer);
    if (top !== "spec") return undefined;
    const isInImage = below[0] === "images" && below.length > 2;
    const [key = "", ...inner] = isInImage ? below.slice(2) : below;
    const isUnknown = code === "unknown-key" && inner.length === 0;
    const part: unknown = isInImage ? accepted.spec.images?.[Number(below[1])] : accepted.spec;
    if (!isMapping(part) || !(isUnknown || separate.has(key))) return undefined;
    Reflect.deleteProperty(part, key);
  }
  return accepted;
}

function imageDocument(document: PlacedDocument, value: DocumentValue, folder: string): ImageDocument {
  const { images, ...part } = value.spec;
  const { name } = value.metadata;
  const spec = new Layer(part, name, folder, document, "/spec");
  if (images === undefined) {
    const namePlace = { layer: new Layer({}, name, folder, document, ""), path: ["metadata", "name"] };
    return { value, spec, images: [{ declared: { name }, own: undefined, namePlace, spec }] };
  }
  return {
    value,
    spec,
    images: images.map((image, index) => {
      const own = new Layer(image, image.name, folder, document, `/spec/images/${index}`);
      return { declared: image, own, namePlace: { layer: own, path: ["name"] }, spec };
    }),
  };
}

function startOf(file: string): SourceRange {
  return { file, line: 1, column: 1, endColumn: 1 };
}
