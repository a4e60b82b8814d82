import { dirname, resolve } from "node:path";
import { AgentError } from "../../config/agent-error.ts";
import { hasErrors, type Problem, type SourceRange } from "../../config/problem.ts";
import { parseYamlStream } from "../../config/yaml.ts";
import { imageCheck } from "../document-checks.ts";
import { readBytes } from "../workspace.ts";
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
  /** Complete only where no problem is an error. */
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
    if (hasErrors(problems)) return { documents: [], problems };
    const { document: ours, value } = isAirship(document.value)
      ? airshipDocument(document)
      : { document, value: document.value as DocumentValue };
    return { documents: [imageDocument(ours, value, dirname(path))], problems };
  });
  return {
    documents: read.flatMap(({ documents }) => documents),
    problems: read.flatMap(({ problems }) => problems),
  };
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
