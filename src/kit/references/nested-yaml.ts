import { type Document, parseAllDocuments, type Scalar, visit } from "yaml";
import { MalformedReference } from "./reference.ts";

/** Greatest number of aliases that are expanded when a document is checked. */
const maxAliases = 100;

/** The YAML text of a reference `@vault:yaml:…`, whose strings may be references in turn. */
export class NestedYaml {
  readonly #text: string;
  readonly #values: { text: string; start: number; end: number }[] = [];
  readonly #keys: string[] = [];

  /** @throws MalformedReference where `text` is no YAML */
  constructor(text: string) {
    this.#text = text;
    const documents = parseAllDocuments(text, { merge: true, logLevel: "silent" });
    for (const document of "empty" in documents ? [] : documents) {
      requireSound(document);
      visit(document, { Scalar: (key, node) => this.#add(key === "key", node) });
    }
  }

  #add(isKey: boolean, { value, range }: Scalar): void {
    if (typeof value !== "string" || !range) return;
    if (isKey) this.#keys.push(value);
    else this.#values.push({ text: value, start: range[0], end: range[1] });
  }

  /** All strings that are values, in order. */
  get values(): string[] {
    return this.#values.map(({ text }) => text);
  }

  /** All strings that are keys of mappings, in order. */
  get keys(): string[] {
    return [...this.#keys];
  }

  /**
   * The text with each string value for which `replacement` has something replaced by it, as data, whatever it looks
   * like. All the rest stays as it was written: numbers, comments, order.
   */
  render(replacement: (value: string) => string | undefined): string {
    let rendered = "";
    let copied = 0;
    for (const { text, start, end } of this.#values) {
      const value = replacement(text);
      if (value === undefined) continue;
      const lineEnd = this.#text.slice(start, end).endsWith("\n") ? "\n" : "";
      rendered += this.#text.slice(copied, start) + quoted(value) + lineEnd;
      copied = end;
    }
    return rendered + this.#text.slice(copied);
  }
}

function requireSound(document: Document): void {
  let sound = document.errors.length === 0;
  try {
    document.toJS({ maxAliasCount: maxAliases });
  } catch {
    sound = false;
  }
  if (!sound) throw new MalformedReference("the text behind @vault:yaml: is not valid YAML");
}

/** A double-quoted scalar that YAML 1.1 and 1.2 read as `text`: JSON, with what a reader may refuse escaped too. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
