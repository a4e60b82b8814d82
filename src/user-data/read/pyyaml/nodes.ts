import { Refusal } from "./scalars.ts";
import { Scanner, type Token, type TokenKind } from "./scanner.ts";

interface NodePlace {
  /** Offsets in UTF-16 units, without tag and anchor. */
  start: number;
  end: number;
  /** As written, with its handle resolved; undefined where there is none, `!` for the non-specific one. */
  tag: string | undefined;
}

export interface ScalarNode extends NodePlace {
  kind: "scalar";
  text: string;
  isPlain: boolean;
}

export interface SequenceNode extends NodePlace {
  kind: "sequence";
  items: Node[];
}

export interface MappingNode extends NodePlace {
  kind: "mapping";
  pairs: { key: Node; value: Node }[];
}

/** An alias is the node of its anchor. */
export type Node = ScalarNode | SequenceNode | MappingNode;

const yamlTag = "tag:yaml.org,2002:";
/** Python's own limit is about here, too. */
const maxDepth = 100;

/** The only document of a text; undefined where there is none. @throws Refusal */
export function readNodes(text: string): Node | undefined {
  return new NodeReader(text).read();
}

/** All documents of a text. @throws Refusal */
export function readStream(text: string): Node[] {
  return new NodeReader(text).readAll();
}

class NodeReader {
  readonly #scanner: Scanner;
  readonly #anchors = new Map<string, Node>();
  #handles = new Map<string, string>();
  #depth = 0;

  constructor(text: string) {
    this.#scanner = new Scanner(text);
  }

  read(): Node | undefined {
    const node = this.#next(true);
    if (node === undefined || this.#is("stream-end")) return node;
    const message = this.#is("document-start", "directive")
      ? "a second document begins here: cloud-init reads none of them"
      : "this is not part of the document above";
    return this.#unexpected(message, "check the indentation, and remove the line `---` between documents");
  }

  readAll(): Node[] {
    const nodes: Node[] = [];
    for (let node = this.#next(true); node !== undefined; node = this.#next(false)) nodes.push(node);
    return nodes;
  }

  #next(isFirst: boolean): Node | undefined {
    if (isFirst && !this.#is("directive", "document-start", "stream-end")) return this.#document();
    while (this.#is("document-end")) this.#scanner.take();
    if (this.#is("stream-end")) return undefined;
    this.#directives();
    if (!this.#is("document-start")) this.#unexpected("`---` must be between documents, and follow directives");
    this.#scanner.take();
    return this.#document();
  }

  #document(): Node | undefined {
    this.#handles = new Map([["!", "!"], ["!!", yamlTag], ...this.#handles]);
    const isEmpty = this.#is("directive", "document-start", "document-end", "stream-end");
    const isExplicit = this.#scanner.peek().start > 0;
    const node = isEmpty && isExplicit ? this.#empty() : this.#node({ isBlock: true });
    while (this.#is("document-end")) this.#scanner.take();
    this.#anchors.clear();
    return node;
  }

  #directives(): void {
    let hasVersion = false;
    for (; this.#is("directive"); this.#scanner.take()) {
      const { text, start } = this.#scanner.peek();
      const [, major] = /^%YAML +(\d+)/.exec(text) ?? [];
      const [, handle = "", prefix = ""] = /^%TAG +(\S+) +(\S+)/.exec(text) ?? [];
      if ((major !== undefined && (hasVersion || major !== "1")) || (handle !== "" && this.#handles.has(handle))) {
        throw new Refusal("this directive is not possible here", start, "remove it");
      }
      hasVersion ||= major !== undefined;
      if (handle !== "") this.#handles.set(handle, prefix);
    }
  }

  #is(...kinds: TokenKind[]): boolean {
    return kinds.includes(this.#scanner.peek().kind);
  }

  #unexpected(message: string, hint = "check the indentation, the quotes and the brackets above"): never {
    throw new Refusal(message, this.#scanner.peek().start, hint);
  }

  #empty(at = this.#scanner.peek().start): ScalarNode {
    return { kind: "scalar", text: "", isPlain: true, tag: undefined, start: at, end: at };
  }

  #node(place: { isBlock: boolean; isInMapping?: boolean }): Node {
    if (this.#is("alias")) return this.#alias();
    const { anchor, tag } = this.#properties();
    if (anchor !== undefined && this.#anchors.has(anchor.text)) {
      throw new Refusal("this anchor is used a second time", anchor.start, "give each anchor a name of its own");
    }
    if (++this.#depth > maxDepth) this.#unexpected(`more than ${maxDepth} mappings and lists are nested here`);
    const hasProperties = anchor !== undefined || tag !== undefined;
    const node = this.#content({ ...place, hasProperties }, tag, (made) => {
      if (anchor !== undefined) this.#anchors.set(anchor.text, made);
    });
    this.#depth--;
    return node;
  }

  #alias(): Node {
    const { text, start } = this.#scanner.take();
    const node = this.#anchors.get(text);
    if (node === undefined) {
      throw new Refusal("there is no anchor of this name before the alias", start, "put the value between quotes");
    }
    return node;
  }

  #properties(): { anchor: Token | undefined; tag: string | undefined } {
    let anchor: Token | undefined;
    let tag: Token | undefined;
    while ((anchor === undefined && this.#is("anchor")) || (tag === undefined && this.#is("tag"))) {
      if (this.#is("anchor")) anchor = this.#scanner.take();
      else tag = this.#scanner.take();
    }
    return { anchor, tag: tag === undefined ? undefined : this.#resolved(tag) };
  }

  #resolved({ handle, text, start }: Token): string {
    if (handle === undefined) return text;
    const prefix = this.#handles.get(handle);
    if (prefix === undefined) throw new Refusal("this tag is not known", start, "remove it");
    return prefix + text;
  }

  #content(
    { isBlock, isInMapping, hasProperties }: { isBlock: boolean; isInMapping?: boolean; hasProperties: boolean },
    tag: string | undefined,
    remember: (node: Node) => void,
  ): Node {
    const { kind, start, end, text, isPlain = false } = this.#scanner.peek();
    const place = { start, end, tag };
    if (kind === "scalar") {
      this.#scanner.take();
      const node: Node = { kind, ...place, text, isPlain };
      remember(node);
      return node;
    }
    if (kind === "[" || kind === "block-sequence" || kind === "-") {
      const isPossible = kind === "[" || (kind === "-" ? isInMapping === true : isBlock);
      if (isPossible) return this.#sequence(kind, place, remember);
    }
    if (kind === "{" || (kind === "block-mapping" && isBlock)) return this.#mapping(kind, place, remember);
    if (!hasProperties) this.#unexpected("a value is missing, or this sign is not allowed here");
    const node = { ...this.#empty(), tag };
    remember(node);
    return node;
  }

  #sequence(kind: "[" | "block-sequence" | "-", place: NodePlace, remember: (node: Node) => void): SequenceNode {
    const node: SequenceNode = { kind: "sequence", ...place, items: [] };
    remember(node);
    if (kind === "[") this.#flowItems(node);
    else this.#blockItems(node, kind);
    return node;
  }

  #blockItems(node: SequenceNode, kind: "block-sequence" | "-"): void {
    const isIndented = kind === "block-sequence";
    if (isIndented) this.#scanner.take();
    const ends: TokenKind[] = isIndented ? ["-", "block-end"] : ["-", "key", "value", "block-end"];
    while (this.#is("-")) {
      const { end } = this.#scanner.take();
      node.items.push(this.#is(...ends) ? this.#empty(end) : this.#node({ isBlock: true }));
      node.end = node.items.at(-1)?.end ?? end;
    }
    if (!isIndented) return;
    if (!this.#is("block-end")) this.#unexpected("this is not an entry of the list above");
    this.#scanner.take();
  }

  #mapping(kind: "{" | "block-mapping", place: NodePlace, remember: (node: Node) => void): MappingNode {
    const node: MappingNode = { kind: "mapping", ...place, pairs: [] };
    remember(node);
    this.#scanner.take();
    if (kind === "{") this.#flowPairs(node);
    else this.#blockPairs(node);
    return node;
  }

  #blockPairs(node: MappingNode): void {
    while (this.#is("key")) {
      const { end } = this.#scanner.take();
      const key = this.#part(end, ["key", "value", "block-end"], { isBlock: true, isInMapping: true });
      const value = this.#value(["key", "value", "block-end"], { isBlock: true, isInMapping: true });
      node.pairs.push({ key, value });
      node.end = value.end;
    }
    if (!this.#is("block-end")) this.#unexpected("this is not a key of the mapping above");
    this.#scanner.take();
  }

  #part(end: number, ends: TokenKind[], place: { isBlock: boolean; isInMapping?: boolean }): Node {
    return this.#is(...ends) ? this.#empty(end) : this.#node(place);
  }

  #value(ends: TokenKind[], place: { isBlock: boolean; isInMapping?: boolean }): Node {
    if (!this.#is("value")) return this.#empty();
    const { end } = this.#scanner.take();
    return this.#part(end, ends, place);
  }

  #flowItems(node: SequenceNode): void {
    this.#scanner.take();
    this.#flow(node, "]", () => {
      if (!this.#is("key")) {
        node.items.push(this.#node({ isBlock: false }));
        return;
      }
      const { start, end } = this.#scanner.take();
      const key = this.#part(end, ["value", ",", "]"], { isBlock: false });
      const value = this.#value([",", "]"], { isBlock: false });
      node.items.push({ kind: "mapping", tag: undefined, start, end: value.end, pairs: [{ key, value }] });
    });
  }

  #flowPairs(node: MappingNode): void {
    this.#flow(node, "}", () => {
      if (!this.#is("key")) {
        const key = this.#node({ isBlock: false });
        node.pairs.push({ key, value: this.#empty() });
        return;
      }
      const { end } = this.#scanner.take();
      const key = this.#part(end, ["value", ",", "}"], { isBlock: false });
      node.pairs.push({ key, value: this.#value([",", "}"], { isBlock: false }) });
    });
  }

  #flow(node: Node, close: "]" | "}", entry: () => void): void {
    for (let isFirst = true; !this.#is(close); isFirst = false) {
      if (!isFirst) {
        if (!this.#is(",")) this.#unexpected(`\`,\` or \`${close}\` is missing before this`);
        this.#scanner.take();
        if (this.#is(close)) break;
      }
      entry();
    }
    node.end = this.#scanner.take().end;
  }
}
