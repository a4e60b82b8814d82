import { escapePointerPart, isMapping } from "kanod-configure";

/** netplan's words for a boolean, which it reads in any case; YAML 1.2 knows only `true` and `false`. */
const trueWords = ["true", "yes", "on", "y"];
const falseWords = ["false", "no", "off", "n"];

/** Reads a boolean as netplan does. Undefined for anything else. */
export function readFlag(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") return undefined;
  const word = value.toLowerCase();
  return trueWords.includes(word) ? true : falseWords.includes(word) ? false : undefined;
}

/**
 * One mapping of a network configuration that the schema has accepted, with the pointer to it. Each read marks its key
 * as taken, so that a renderer can tell which keys it has not expressed: nothing is dropped in silence.
 */
export class Settings {
  readonly pointer: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #taken: Map<string, Settings[]> = new Map();

  constructor(values: unknown, pointer: string) {
    this.pointer = pointer;
    this.#values = isMapping(values) ? values : {};
  }

  /** The pointer of a key's value. */
  at(key: string | number): string {
    return `${this.pointer}/${escapePointerPart(String(key))}`;
  }

  has(key: string): boolean {
    return this.#values[key] !== undefined && this.#values[key] !== null;
  }

  keys(): string[] {
    return Object.keys(this.#values).filter((key) => this.has(key));
  }

  /** The value without marking the key as taken. */
  peek(key: string): unknown {
    return this.has(key) ? this.#values[key] : undefined;
  }

  /** The value as it stands there. */
  raw(key: string): unknown {
    this.#take(key);
    return this.peek(key);
  }

  /** A scalar as text. */
  text(key: string): string | undefined {
    const value = this.raw(key);
    return isScalar(value) ? String(value) : undefined;
  }

  number(key: string): number | undefined {
    const value = this.raw(key);
    return typeof value === "number" ? value : undefined;
  }

  flag(key: string): boolean | undefined {
    return readFlag(this.raw(key));
  }

  /** A list of scalars, as texts; empty where the key is absent. */
  texts(key: string): string[] {
    const value = this.raw(key);
    return Array.isArray(value) ? value.filter(isScalar).map(String) : [];
  }

  /** A nested mapping. Its keys have to be taken too. */
  section(key: string): Settings | undefined {
    const value = this.raw(key);
    return isMapping(value) ? this.#below(key, [[this.at(key), value]])[0] : undefined;
  }

  /** The mappings of a list. Their keys have to be taken too. */
  sections(key: string): Settings[] {
    const value = this.raw(key);
    if (!Array.isArray(value)) return [];
    return this.#below(
      key,
      value.map((item, index) => [`${this.at(key)}/${index}`, item]),
    );
  }

  /** A mapping of names to scalars, as texts, in the order in which it is written. */
  pairs(key: string): [string, string][] {
    const value = this.raw(key);
    if (!isMapping(value)) return [];
    return Object.entries(value).flatMap(([name, item]) => (isScalar(item) ? [[name, String(item)] as const] : []));
  }

  /** Pointers of the keys that nobody has read, here and below. */
  untaken(): string[] {
    return this.keys().flatMap((key) => {
      const taken = this.#taken.get(key);
      return taken === undefined ? [this.at(key)] : taken.flatMap((section) => section.untaken());
    });
  }

  /** The same objects at each call, so that they know all that was read of them. */
  #below(key: string, items: readonly [pointer: string, value: unknown][]): Settings[] {
    const taken = this.#take(key);
    if (taken.length === 0) taken.push(...items.map(([pointer, value]) => new Settings(value, pointer)));
    return taken;
  }

  #take(key: string): Settings[] {
    let taken = this.#taken.get(key);
    if (taken === undefined) {
      taken = [];
      this.#taken.set(key, taken);
    }
    return taken;
  }
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
