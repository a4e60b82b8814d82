import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { Code } from "./codes/catalogue.ts";
import { escapePointerPart, type Problem, pointerParts, type SourceRange } from "./problem.ts";
import { shown } from "./shown.ts";
import type { SourceText } from "./source-text.ts";

/** How many nodes the aliases of a document may expand to: stops "billion laughs". */
const maxExpandedNodes = 100_000;

/** Stops the reading of a document whose rest cannot be read within the limits. */
class Unreadable extends Error {}

/** A value in the tree, with the key or the index that leads to it. */
interface Place {
  node: unknown;
  key?: unknown;
}

/**
 * The nodes of one document. Data and positions are read from them here, and not by the yaml package: its own
 * conversion takes quadratic time for many aliases, and shares one object among all aliases of an anchor.
 */
export class YamlTree {
  readonly problems: Problem[] = [];
  /** Plain data; undefined where the reading was given up. */
  readonly value: unknown;
  readonly #source: SourceText;
  readonly #root: unknown;
  readonly #maxDepth: number;
  readonly #anchors: Map<string, Node> = new Map();
  readonly #targets: Map<Alias, Node> = new Map();
  /** Anchored nodes that are being read: an alias to one of them would have no end. */
  readonly #open: Set<Node> = new Set();
  /** Only of mappings that something was looked for in. */
  readonly #pairs: Map<YAMLMap, Map<string, Pair[]>> = new Map();
  /** The alias that is being followed, the outermost where there are several. */
  #followed: { alias: Alias; pointer: string } | undefined;
  #expanded = 0;

  constructor(source: SourceText, root: unknown, maxDepth: number) {
    this.#source = source;
    this.#root = root;
    this.#maxDepth = maxDepth;
    this.value = this.#read();
  }

  /** See YamlDocument.locate. */
  locate(pointer: string, part: "key" | "value"): SourceRange {
    let place: Place = { node: this.#root };
    for (const name of pointerParts(pointer)) {
      const [next] = this.#children(place.node, name);
      if (next === undefined) break;
      place = next;
    }
    return this.#rangeOf(place, part);
  }

  /** See YamlDocument.linesOf. A key that stands there twice has the lines of all its values. */
  linesOf(pointer: string): number[] {
    let places: Place[] = [{ node: this.#root }];
    for (const name of pointerParts(pointer)) places = places.flatMap(({ node }) => this.#children(node, name));
    const nodes = places.flatMap(({ node, key }) => [key, node, isAlias(node) ? this.#targets.get(node) : undefined]);
    return [...new Set(nodes.flatMap((node) => this.#linesOfNode(node)))];
  }

  #linesOfNode(node: unknown): number[] {
    const range = nodeRange(node);
    if (range === undefined) return [];
    // A block collection reaches up to what comes behind it.
    const end = range[0] + this.#source.text.slice(range[0], range[1]).trimEnd().length;
    const first = this.#source.range(range[0], range[0]).line;
    const last = this.#source.range(end, end).line;
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  }

  #read(): unknown {
    try {
      return this.#data(this.#root, "", 1);
    } catch (error) {
      if (error instanceof Unreadable) return undefined;
      throw error;
    }
  }

  #data(node: unknown, pointer: string, depth: number): unknown {
    if (isAlias(node)) return this.#follow(node, pointer, depth);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return null;
    this.#count(node, pointer, isScalar(node) ? 0 : depth);
    return node.anchor === undefined
      ? this.#own(node, pointer, depth)
      : this.#remember(node, node.anchor, () => this.#own(node, pointer, depth));
  }

  #own(node: Scalar | YAMLMap | YAMLSeq, pointer: string, depth: number): unknown {
    if (isScalar(node)) return node.value;
    if (isMap(node)) return this.#mapping(node, pointer, depth);
    return node.items.map((item, index) => this.#data(item, `${pointer}/${index}`, depth + 1));
  }

  /** Anchors hold from where they stand on, and a later one of the same name replaces an earlier one. */
  #remember<T>(node: Node, anchor: string, read: () => T): T {
    if (this.#followed === undefined) this.#anchors.set(anchor, node);
    this.#open.add(node);
    const data = read();
    this.#open.delete(node);
    return data;
  }

  #mapping(node: YAMLMap, pointer: string, depth: number): Record<string, unknown> {
    const data: Record<string, unknown> = {};
    let merged: Set<string> | undefined;
    for (const pair of node.items) {
      if (isMergeKey(pair.key)) {
        for (const [key, value] of this.#sources(pair, `${pointer}/<<`, depth)) {
          if (Object.hasOwn(data, key)) continue;
          define(data, key, value);
          merged = (merged ?? new Set()).add(key);
        }
        continue;
      }
      if (!isScalar(pair.key)) continue;
      const key = this.#key(pair.key);
      const at = `${pointer}/${escapePointerPart(key)}`;
      const value = this.#data(pair.value, at, depth + 1);
      if (Object.hasOwn(data, key) && merged?.delete(key) !== true) this.#reportDuplicate(node, pair.key, key, at);
      else define(data, key, value);
    }
    return data;
  }

  #key(node: Scalar): string {
    const read = (): string => String(node.value ?? "");
    return node.anchor === undefined ? read() : this.#remember(node, node.anchor, read);
  }

  #reportDuplicate(parent: YAMLMap, node: Scalar, key: string, pointer: string): void {
    const [first] = this.#pairsOf(parent).get(key) ?? [];
    const line = this.#rangeOf({ node: first?.key }, "value").line;
    const message = `duplicate key ${shown(key)}`;
    this.#report("duplicate-key", pointer, { node }, message, `the first one is on line ${line}`);
  }

  /** A mapping's own pairs by their key. */
  #pairsOf(node: YAMLMap): Map<string, Pair[]> {
    const known = this.#pairs.get(node);
    if (known !== undefined) return known;
    const pairs = new Map<string, Pair[]>();
    for (const pair of node.items) {
      if (!isScalar(pair.key) || isMergeKey(pair.key)) continue;
      const key = String(pair.key.value ?? "");
      const same = pairs.get(key);
      if (same === undefined) pairs.set(key, [pair]);
      else same.push(pair);
    }
    this.#pairs.set(node, pairs);
    return pairs;
  }

  /** https://yaml.org/type/merge.html: the entries of a merge key, those of earlier sources first. */
  #sources(pair: Pair, pointer: string, depth: number): [string, unknown][] {
    const value = this.#data(pair.value, pointer, depth);
    const found: [string, unknown][] = [];
    for (const source of Array.isArray(value) ? value : [value]) {
      if (typeof source !== "object" || source === null || Array.isArray(source)) {
        const message = "only mappings can be merged with `<<`";
        this.#report("bad-merge", pointer, { node: pair.value, key: pair.key }, message);
        break;
      }
      found.push(...Object.entries(source));
    }
    return found;
  }

  #follow(alias: Alias, pointer: string, depth: number): unknown {
    const outermost = this.#followed === undefined;
    const target = this.#targets.get(alias) ?? (outermost ? this.#anchors.get(alias.source) : undefined);
    if (target === undefined) {
      // The name is not quoted: it is a part of the value where a password begins with an asterisk.
      const hint = "the anchor `&name` has to stand before the alias `*name`; text that begins with `*` needs quotes";
      this.#report(
        "unresolved-alias",
        pointer,
        { node: alias },
        "there is no anchor of this name before the alias",
        hint,
      );
      return null;
    }
    if (this.#open.has(target)) {
      this.#giveUp("circular-alias", pointer, alias, "the alias stands within its own anchor");
    }
    this.#targets.set(alias, target);
    if (outermost) this.#followed = { alias, pointer };
    const data = this.#data(target, pointer, depth);
    if (outermost) this.#followed = undefined;
    return data;
  }

  /** Holds the limits. `depth` counts collections. */
  #count(node: Node, pointer: string, depth: number): void {
    const { alias, pointer: at } = this.#followed ?? { alias: node, pointer };
    if (depth > this.#maxDepth) {
      this.#giveUp("too-deep", at, alias, `more than ${this.#maxDepth} mappings and lists stand within each other`);
    }
    if (this.#followed !== undefined && ++this.#expanded > maxExpandedNodes) {
      this.#giveUp("alias-bomb", at, alias, `the aliases up to here expand to more than ${maxExpandedNodes} values`);
    }
  }

  #giveUp(code: Code, pointer: string, node: unknown, message: string): never {
    this.#followed = undefined;
    this.#report(code, pointer, { node }, message);
    throw new Unreadable();
  }

  /** The content of an alias was reported at its anchor. */
  #report(code: Code, pointer: string, place: Place, message: string, hint?: string): void {
    if (this.#followed !== undefined) return;
    const source = this.#rangeOf(place, "value");
    this.problems.push({
      severity: "error",
      code,
      pointer,
      message,
      ...(hint === undefined ? {} : { hint }),
      source,
    });
  }

  /** The value of a key, and of its repetitions, or an item of a list. */
  #children(node: unknown, name: string): Place[] {
    const parent = isAlias(node) ? this.#targets.get(node) : node;
    if (isSeq(parent)) {
      const index = /^\d+$/.test(name) ? Number(name) : Number.POSITIVE_INFINITY;
      return index < parent.items.length ? [{ node: parent.items[index] }] : [];
    }
    if (!isMap(parent)) return [];
    const own = this.#pairsOf(parent).get(name);
    if (own !== undefined) return own.map(({ key, value }) => ({ key, node: value }));
    return parent.items.flatMap(({ key, value }) => (isMergeKey(key) ? this.#mergedChildren(value, name) : []));
  }

  #mergedChildren(value: unknown, name: string): Place[] {
    const source = isAlias(value) ? this.#targets.get(value) : value;
    return (isSeq(source) ? source.items : [source]).flatMap((mapping) => this.#children(mapping, name));
  }

  #rangeOf(place: Place, part: "key" | "value"): SourceRange {
    const range = (part === "key" ? keyRange(place) : undefined) ?? valueRange(place);
    return this.#source.range(range?.[0] ?? 0, range?.[1] ?? 0);
  }
}

type Offsets = readonly [number, number, number];

function keyRange({ node, key }: Place): Offsets | undefined {
  return nodeRange(key) ?? (isMap(node) ? nodeRange(node.items[0]?.key) : undefined);
}

/** A value that is left out has no place of its own: its key stands for it. */
function valueRange({ node, key }: Place): Offsets | undefined {
  const range = nodeRange(node);
  const isLeftOut = range === undefined || (range[0] === range[1] && isScalar(node));
  return isLeftOut ? (nodeRange(key) ?? range) : range;
}

function nodeRange(node: unknown): Offsets | undefined {
  return isAlias(node) || isScalar(node) || isMap(node) || isSeq(node) ? (node.range ?? undefined) : undefined;
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === "<<" && key.type === Scalar.PLAIN && key.tag === undefined;
}

/** Also `__proto__` becomes a key like any other. */
function define(data: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") data[key] = value;
  else Object.defineProperty(data, key, { value, writable: true, enumerable: true, configurable: true });
}
