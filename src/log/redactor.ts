import { decodedViews, type View } from "./decoded-views.ts";

/** What stands in the place of a secret. Shorter than any needle, so that a mask never makes a new one. */
export const mask = "***";

/** Secrets, and lines of secrets, that are shorter than this (in UTF-16 units) would mask ordinary words. */
export const shortestSecret = 4;

/**
 * Masks secrets in text: plain, in base64 (whatever their position in the encoded data, wrapped in lines or not, either
 * alphabet), URL-encoded and JSON-escaped, also two of these on top of each other. A secret of several lines is
 * masked line by line. All occurrences are found first, then their union is masked: a secret that holds or overlaps
 * another one leaves no rest. Secrets under {@link shortestSecret} characters are not masked.
 */
export class Redactor {
  readonly #known = new Set<string>();
  readonly #needles = new Map<string, Needle[]>();
  /** One bit of knowledge for each hash of four characters: whether a needle may begin with them. */
  readonly #filter = new Uint8Array(0x10000);
  #plusIsSpace = false;

  /** From now on `secret` is masked. */
  add(secret: string): void {
    if (this.#known.has(secret)) return;
    this.#known.add(secret);
    const wholes = new Set([secret, secret.trim()]);
    for (const whole of wholes) {
      for (const needle of base64Needles(whole)) this.#addNeedle(needle);
    }
    for (const line of secret.split(/[\r\n]+/)) {
      if (isArmour(line)) continue;
      wholes.add(line);
      wholes.add(line.trim());
    }
    for (const text of wholes) {
      this.#addNeedle({ text, before: 0, after: 0 });
      this.#plusIsSpace ||= text.length >= shortestSecret && text.includes(" ");
    }
  }

  /** `text` with every known secret replaced by {@link mask}. */
  redact(text: string): string {
    if (this.#needles.size === 0 || text.length < shortestSecret) return text;
    const hits: Span[] = [];
    for (const view of decodedViews(text, { plusIsSpace: this.#plusIsSpace })) this.#search(view, hits);
    return hits.length === 0 ? text : maskSpans(text, hits);
  }

  #addNeedle(needle: Needle): void {
    if (needle.text.length < shortestSecret) return;
    const prefix = needle.text.slice(0, shortestSecret);
    const siblings = this.#needles.get(prefix) ?? [];
    if (siblings.some((sibling) => sibling.text === needle.text)) return;
    siblings.push(needle);
    siblings.sort((a, b) => b.text.length - a.text.length);
    this.#needles.set(prefix, siblings);
    this.#filter[prefixHash(prefix, 0)] = 1;
  }

  #search(view: View, hits: Span[]): void {
    const { text } = view;
    for (let at = 0; at + shortestSecret <= text.length; at++) {
      if (this.#filter[prefixHash(text, at)] === 0) continue;
      const candidates = this.#needles.get(text.slice(at, at + shortestSecret));
      const longest = candidates?.find((needle) => text.startsWith(needle.text, at));
      if (longest === undefined) continue;
      let end = at + longest.text.length;
      if (longest.after === 1 && isBase64(text, end)) end++;
      const start = longest.before === 1 && isBase64(text, at - 1) ? at - 1 : at;
      hits.push({ start: view.start(start), end: view.end(end - 1) });
    }
  }
}

/** A text to look for. `before` and `after` count the neighbours that hold a few bits of the secret. */
interface Needle {
  text: string;
  before: 0 | 1;
  after: 0 | 1;
}

/** Offsets into a text; `end` is the one behind. */
interface Span {
  start: number;
  end: number;
}

function prefixHash(text: string, at: number): number {
  let hash = 0;
  for (let i = at; i < at + shortestSecret; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 16)) & 0xffff;
}

/**
 * What of the base64 form of any data depends on `secret` alone, for its three positions in a group of three bytes
 * (RFC 4648), in the usual and in the URL-safe alphabet; and the form of the secret by itself.
 */
function base64Needles(secret: string): Needle[] {
  const bytes = Buffer.from(secret, "utf8");
  const needles: Needle[] = [];
  const push = (text: string, before: 0 | 1, after: 0 | 1): void => {
    needles.push({ text, before, after });
    const urlSafe = text.replaceAll("+", "-").replaceAll("/", "_");
    if (urlSafe !== text) needles.push({ text: urlSafe, before, after });
  };
  push(bytes.toString("base64").replace(/=+$/, ""), 0, 0);
  for (const offset of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    const bits = (offset + bytes.length) * 8;
    const first = Math.ceil((offset * 8) / 6);
    push(encoded.slice(first, Math.floor(bits / 6)), offset === 0 ? 0 : 1, bits % 6 === 0 ? 0 : 1);
  }
  return needles;
}

function isBase64(text: string, at: number): boolean {
  return /^[A-Za-z0-9+/_-]$/.test(text.charAt(at));
}

/** The first and last line of PEM (RFC 7468) tell no secret, and certificates have them too. */
function isArmour(line: string): boolean {
  return /^\s*-----(BEGIN|END) [A-Z0-9 ]+-----\s*$/.test(line);
}

function maskSpans(text: string, spans: Span[]): string {
  spans.sort((a, b) => a.start - b.start);
  let result = "";
  let copied = 0;
  let masked = -1;
  for (const { start, end } of spans) {
    if (start > masked) {
      result += text.slice(copied, start) + mask;
    }
    masked = Math.max(masked, end);
    copied = masked;
  }
  return result + text.slice(copied);
}
