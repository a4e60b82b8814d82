import { type Problem, pointerParts, type SourceRange } from "../../../config/problem.ts";
import { unprintableCharacters } from "../../../config/read-text.ts";
import { shown } from "../../../config/shown.ts";
import { SourceText } from "../../../config/source-text.ts";
import { parseYaml, type YamlDocument } from "../../../config/yaml.ts";
import { type Node, readNodes, readStream } from "./nodes.ts";
import { Refusal } from "./scalars.ts";
import { Values } from "./values.ts";

/**
 * Reads a text as `yaml.safe_load` of PyYAML 6 does, which cloud-init reads user-data with: YAML 1.1, the last of several
 * equal keys counts (a warning). One fault makes it refuse the whole text: then the document has no value, and what can be
 * read of it nevertheless is in `partial`.
 */
export function readAsPyYaml(text: string, file: string): YamlDocument {
  const source = new SourceText(file, text);
  try {
    return documentOf(source);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refused(source, error);
  }
}

/** All documents of a text, read in the same way, as also the YAML of Go is; undefined where one is refused. */
export function readStreamAsPyYaml(text: string, file: string): YamlDocument[] | undefined {
  const source = new SourceText(file, text);
  try {
    return readStream(text).map((root) => documentAt(source, root));
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** @throws Refusal */
function documentOf(source: SourceText): YamlDocument {
  const [unprintable] = unprintableCharacters(source, 1);
  if (unprintable !== undefined) throw new Refusal(unprintable.message, 0, unprintable.hint);
  return documentAt(source, readNodes(source.text));
}

/** @throws Refusal */
function documentAt(source: SourceText, root: Node | undefined): YamlDocument {
  const { file, text } = source;
  const values = new Values();
  const value = root === undefined ? null : values.of(root);
  const places = new Places(source, root, values);
  return {
    file,
    text,
    value,
    problems: values.duplicates.map(({ key, first }) => ({
      severity: "warning",
      code: "duplicate-key",
      pointer: "",
      message: `the key ${shown(key.text)} is in this mapping twice: cloud-init uses only the last one`,
      hint: `the first one is in line ${source.range(first.start, first.end).line}`,
      source: source.range(key.start, key.end),
    })),
    locate: (pointer, part = "value") => places.locate(pointer, part),
    linesOf: (pointer) => places.linesOf(pointer),
  };
}

/** Faults that are none to PyYAML, or that it would not have found as the first one. */
const faultsOfOurs: ReadonlySet<string> = new Set(["unknown-tag", "duplicate-key"]);

function refused({ file, text }: SourceText, { message, offset, hint }: Refusal): YamlDocument {
  const other = parseYaml(text, file);
  const faults = other.problems.filter(({ code }) => !faultsOfOurs.has(code));
  const refusal: Problem = {
    severity: "error",
    code: "refused-by-cloud-init",
    pointer: "",
    message: `cloud-init's YAML reader refuses the whole text: ${message}`,
    hint,
    source: new SourceText(file, text).range(offset, offset + 1),
  };
  const problems = faults.length > 0 ? faults : [refusal];
  return { ...other, value: undefined, partial: other.value ?? other.partial, problems };
}

class Places {
  readonly #source: SourceText;
  readonly #root: Node | undefined;
  readonly #values: Values;

  constructor(source: SourceText, root: Node | undefined, values: Values) {
    this.#source = source;
    this.#root = root;
    this.#values = values;
  }

  locate(pointer: string, part: "key" | "value"): SourceRange {
    const { node, key } = this.#find(pointer);
    const firstKey = node?.kind === "mapping" ? node.pairs[0]?.key : undefined;
    const isLeftOut = node?.kind === "scalar" && node.start === node.end;
    const at = (part === "key" ? (key ?? firstKey) : isLeftOut ? key : undefined) ?? node;
    return this.#source.range(at?.start ?? 0, at?.end ?? 0);
  }

  linesOf(pointer: string): number[] {
    const { node, key } = this.#find(pointer);
    const first = this.#source.range(key?.start ?? node?.start ?? 0, 0).line;
    const last = this.#source.range(node?.end ?? 0, 0).line;
    return Array.from({ length: Math.max(0, last - first) + 1 }, (_, index) => first + index);
  }

  #find(pointer: string): { node: Node | undefined; key?: Node } {
    let found: { node: Node | undefined; key?: Node } = { node: this.#root };
    for (const name of pointerParts(pointer)) {
      const next = this.#child(found.node, name);
      if (next === undefined) break;
      found = next;
    }
    return found;
  }

  #child(node: Node | undefined, name: string): { node: Node; key?: Node } | undefined {
    if (node?.kind === "sequence") {
      const item = /^\d+$/.test(name) ? node.items[Number(name)] : undefined;
      return item === undefined ? undefined : { node: item };
    }
    if (node?.kind !== "mapping") return undefined;
    const pair = this.#values.pairs(node).findLast(({ key }) => key.kind === "scalar" && key.text === name);
    return pair === undefined ? undefined : { node: pair.value, key: pair.key };
  }
}
