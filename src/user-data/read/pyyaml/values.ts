import type { MappingNode, Node, ScalarNode, SequenceNode } from "./nodes.ts";
import { Refusal } from "./scalars.ts";

/** A date or time, which is no text to Python. */
export class Timestamp {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const prefix = "tag:yaml.org,2002:";
/** Values that aliases may bring in, all together. */
const maxExpanded = 100_000;

/** The types of plain scalars in YAML 1.1 as PyYAML knows them, by their text. */
const implicit: readonly (readonly [tag: string, pattern: RegExp])[] = [
  ["bool", /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/],
  [
    "float",
    /^(?:[-+]?\d[\d_]*\.[\d_]*(?:[eE][-+]\d+)?|\.\d[\d_]*(?:[eE][-+]\d+)?|[-+]?\d[\d_]*(?::[0-5]?\d)+\.[\d_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  ],
  [
    "int",
    /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][\d_]*)|[-+]?0x[\da-fA-F_]+|[-+]?[1-9][\d_]*(?::[0-5]?\d)+)$/,
  ],
  ["merge", /^<<$/],
  ["null", /^(?:~|null|Null|NULL|)$/],
  [
    "timestamp",
    /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/,
  ],
  ["value", /^=$/],
];

/** The type of a node, without the prefix of YAML's own ones. */
export function typeOf(node: Node): string {
  const { tag } = node;
  if (tag !== undefined && tag !== "!") return tag.startsWith(prefix) ? tag.slice(prefix.length) : `<${tag}>`;
  if (node.kind !== "scalar") return node.kind === "sequence" ? "seq" : "map";
  if (!node.isPlain && tag !== "!") return "str";
  return implicit.find(([, pattern]) => pattern.test(node.text))?.[0] ?? "str";
}

/** The values of nodes, as Python has them after `yaml.safe_load`. */
export class Values {
  /** Keys that a mapping has twice: the later value counts. */
  readonly duplicates: { key: ScalarNode; first: ScalarNode }[] = [];
  readonly #known = new Map<Node, unknown>();
  readonly #sizes = new Map<Node, number>();
  readonly #open = new Set<Node>();
  readonly #flat = new Map<MappingNode, MappingNode["pairs"]>();

  /** @throws Refusal */
  of(node: Node): unknown {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    if (this.#open.has(node)) throw new Refusal("an alias refers to what it is part of", node.start, "write it out");
    this.#open.add(node);
    const value = node.kind === "scalar" ? scalarValue(node) : this.#collection(node);
    this.#open.delete(node);
    this.#known.set(node, value);
    return value;
  }

  /** The pairs of a mapping, those of merge keys first. @throws Refusal */
  pairs(node: MappingNode): MappingNode["pairs"] {
    const known = this.#flat.get(node);
    if (known !== undefined) return known;
    const merged: MappingNode["pairs"] = [];
    const own = node.pairs.filter(({ key, value }) => {
      if (typeOf(key) !== "merge") return true;
      for (const source of mergeSources(value).reverse()) merged.push(...this.pairs(source));
      return false;
    });
    const pairs = [...merged, ...own];
    this.#flat.set(node, pairs);
    return pairs;
  }

  #collection(node: SequenceNode | MappingNode): unknown {
    const type = typeOf(node);
    const isExpected = node.kind === "sequence" ? /^(?:seq|omap|pairs)$/.test(type) : /^(?:map|set)$/.test(type);
    if (!isExpected) refuseTag(node);
    if (node.kind === "sequence") {
      const items = node.items.map((item) => this.of(item));
      this.#count(node, node.items);
      if (type !== "seq" && node.items.some((item) => item.kind !== "mapping" || item.pairs.length !== 1))
        refuseTag(node);
      return items;
    }
    const pairs = this.pairs(node);
    const data: Record<string, unknown> = {};
    const own = new Map<string, ScalarNode>();
    const ownKeys = new Set<Node>(node.pairs.map(({ key }) => key));
    for (const { key, value } of pairs) {
      if (key.kind !== "scalar") {
        throw new Refusal("a key must be text, not a mapping or a list", key.start, "put the value between quotes");
      }
      if (typeOf(key) !== "value") this.of(key);
      const first = own.get(key.text);
      if (first !== undefined) this.duplicates.push({ key, first });
      else if (ownKeys.has(key)) own.set(key.text, key);
      Object.defineProperty(data, key.text, {
        value: this.of(value),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    this.#count(
      node,
      pairs.map(({ value }) => value),
    );
    return data;
  }

  /** Nodes are shared among aliases, but whoever walks the value sees each of them. */
  #count(node: Node, parts: readonly Node[]): void {
    let size = 1;
    for (const part of parts) size += this.#sizes.get(part) ?? 1;
    this.#sizes.set(node, size);
    if (size > maxExpanded && size > 8 * this.#known.size) {
      throw new Refusal(`the aliases bring in more than ${maxExpanded} values`, node.start, "use fewer of them");
    }
  }
}

function mergeSources(value: Node): MappingNode[] {
  const sources = value.kind === "sequence" ? [...value.items] : [value];
  return sources.map((source) => {
    if (source.kind === "mapping") return source;
    throw new Refusal("only mappings can be merged with `<<`", source.start, "name a mapping, or a list of mappings");
  });
}

function refuseTag(node: Node): never {
  throw new Refusal("this tag is not known, or does not fit the value", node.start, "remove it");
}

function scalarValue(node: ScalarNode): unknown {
  const read = readers[typeOf(node)];
  if (read !== undefined) return read(node);
  const isSign = node.tag === undefined;
  if (!isSign) refuseTag(node);
  throw new Refusal(`\`${node.text}\` has a meaning of its own here`, node.start, "put the value between quotes");
}

const readers: Readonly<Record<string, (node: ScalarNode) => unknown>> = {
  str: ({ text }) => text,
  "<tag:yaml.org,2002:python/unicode>": ({ text }) => text,
  "python/unicode": ({ text }) => text,
  null: () => null,
  bool: (node) => {
    if (!/^(?:yes|no|true|false|on|off)$/i.test(node.text)) refuseTag(node);
    return /^(?:yes|true|on)$/i.test(node.text);
  },
  int: integer,
  float: (node) => {
    const text = node.text.replaceAll("_", "").toLowerCase();
    if (/^[-+]?\.inf$/.test(text)) return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    if (text === ".nan") return Number.NaN;
    if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/.test(text)) return Number(text);
    return text.includes(":") ? sexagesimal(text) : refuseTag(node);
  },
  // Decoded where it is used: here only whether it can be.
  binary: (node) => {
    const signs = node.text.replace(/[^A-Za-z0-9+/=]/g, "").replace(/=+$/, "");
    if (/[^\0-\x7f]/.test(node.text) || signs.length % 4 === 1) refuseTag(node);
    return node.text;
  },
  timestamp,
};

function integer(node: ScalarNode): number {
  const text = node.text.replaceAll("_", "");
  const [, sign, digits = ""] = /^\s*([-+]?)(.*?)\s*$/s.exec(text) ?? [];
  const factor = sign === "-" ? -1 : 1;
  if (/^0b[01]+$/.test(digits)) return factor * Number(digits);
  if (/^0x[\da-f]+$/i.test(digits)) return factor * Number(digits);
  if (/^0[0-7]*$/.test(digits)) return factor * Number.parseInt(digits, 8);
  if (/^[1-9]\d*$/.test(digits)) return factor * Number(digits);
  if (/^\d+(?::\d+)+$/.test(digits)) return factor * sexagesimal(digits);
  return refuse("this is not a number", node);
}

function sexagesimal(text: string): number {
  return text
    .replace(/^[-+]/, "")
    .split(":")
    .reduce((sum, part) => sum * 60 + Number(part), 0);
}

function timestamp(node: ScalarNode): Timestamp {
  const parts =
    /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.\d*)?(?:[ \t]*(?:Z|[-+](\d\d?)(?::(\d\d))?))?)?$/.exec(
      node.text,
    );
  if (parts === null) return refuse("this is not a date", node);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zone = 0, zoneMinute = 0] = parts
    .slice(1)
    .map((part) => Number(part ?? 0));
  const date = new Date(Date.UTC(2000, month - 1, 1));
  date.setUTCFullYear(year, month - 1, day);
  const isDate = year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isDate || hour > 23 || minute > 59 || second > 59 || zone * 60 + zoneMinute >= 24 * 60) {
    return refuse("there is no such date", node);
  }
  return new Timestamp(node.text);
}

function refuse(message: string, node: ScalarNode): never {
  throw new Refusal(message, node.start, "put the value between quotes");
}
