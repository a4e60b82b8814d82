import type { Code } from "../../config/codes/catalogue.ts";
import { jsonPointer, type Problem, type SourceRange } from "../../config/problem.ts";
import type { YamlDocument } from "../../config/yaml.ts";
import type { Entry } from "../modules/module-definition.ts";
import type { ImagePart } from "./image-part.ts";

export type Path = readonly (string | number)[];

/** A document with its places. */
export type PlacedDocument = Pick<YamlDocument, "file" | "text" | "locate" | "linesOf">;

/** One of the parts that an image is made of, which knows where everything in it stands. */
export class Layer {
  readonly part: ImagePart;
  /** For people: the name of the image or document that says it. */
  readonly title: string;
  /** Paths of inputs are relative to it. */
  readonly folder: string;
  readonly #document: PlacedDocument;
  readonly #pointer: string;

  constructor(part: ImagePart, title: string, folder: string, document: PlacedDocument, pointer: string) {
    this.part = part;
    this.title = title;
    this.folder = folder;
    this.#document = document;
    this.#pointer = pointer;
  }

  pointer(path: Path): string {
    return this.#pointer + jsonPointer(path);
  }

  source(path: Path, at: "key" | "value" = "value"): SourceRange {
    const { file } = this.#document;
    return this.#document.locate(this.pointer(path), at) ?? { file, line: 1, column: 1, endColumn: 1 };
  }

  entry(path: Path, text: string): Entry {
    return { text, pointer: this.pointer(path), source: this.source(path) };
  }

  /** A problem with what stands at `path`. */
  problem(
    path: Path,
    code: Code,
    message: string,
    { hint, at }: { hint?: string | undefined; at?: "key" | "value" } = {},
  ): Problem {
    const source = this.source(path, at);
    return {
      severity: "error",
      code,
      pointer: this.pointer(path),
      message,
      ...(hint === undefined ? {} : { hint }),
      source,
    };
  }

  /** The part of the document at `path` as a document of its own, whose problems have their places in this one. */
  document(path: Path, value: unknown): YamlDocument {
    const pointer = this.pointer(path);
    const { file, text, locate, linesOf } = this.#document;
    return {
      file,
      text,
      value,
      problems: [],
      locate: (inner, at) => locate(pointer + inner, at),
      linesOf: (inner) => linesOf(pointer + inner),
    };
  }
}

/** The innermost layer that says `key`, and its value: what a base says is replaced. */
export function lastOf<Key extends keyof ImagePart>(
  layers: readonly Layer[],
  key: Key,
): { layer: Layer; value: NonNullable<ImagePart[Key]> } | undefined {
  const layer = layers.findLast(({ part }) => part[key] !== undefined);
  const value = layer?.part[key];
  return layer === undefined || value === undefined || value === null ? undefined : { layer, value };
}

/** A list of all layers joined, each entry with its place. */
export function joinedList(
  layers: readonly Layer[],
  key: "modules" | "flags" | "elementsPath",
): { layer: Layer; path: Path; text: string }[] {
  return layers.flatMap((layer) => (layer.part[key] ?? []).map((text, index) => ({ layer, path: [key, index], text })));
}
