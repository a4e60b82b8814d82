/** A text as it reads after decoding, with the way back to the text that it was decoded from. */
export interface View {
  text: string;
  /** Offset in the original of the first character that the character at `index` was made from. */
  start(index: number): number;
  /** Offset in the original behind the last character that the character at `index` was made from. */
  end(index: number): number;
}

/** How many decodings are put on top of each other: JSON in JSON, base64 wrapped in JSON, JSON in a URL. */
const depth = 2;

/**
 * `text` itself and as it reads once JSON escapes (RFC 8259), percent-encoding (RFC 3986) and line breaks are undone,
 * also two of them one after the other. Where there is nothing to undo no view is made.
 */
export function decodedViews(text: string, options: { plusIsSpace: boolean }): View[] {
  const decoders = options.plusIsSpace ? [...alwaysUndone, plusSigns] : alwaysUndone;
  const seen = new Set([text]);
  const views: View[] = [{ text, start: (index) => index, end: (index) => index + 1 }];
  let latest = views;
  for (let level = 0; level < depth; level++) {
    const next: View[] = [];
    for (const view of latest) {
      for (const decoder of decoders) {
        const decoded = decode(view, decoder);
        if (decoded === undefined || seen.has(decoded.text)) continue;
        seen.add(decoded.text);
        next.push(decoded);
      }
    }
    views.push(...next);
    latest = next;
  }
  return views;
}

interface Decoder {
  /** Global; matches what is replaced. */
  pattern: RegExp;
  /** What a match stands for. */
  replacement(match: string): string;
}

const jsonEscapes: Decoder = {
  pattern: /\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])/g,
  replacement: (match) => JSON.parse(`"${match}"`) as string,
};

/** One UTF-8 sequence (RFC 3629) at a time, so that one wrong byte does not hide its neighbours. */
const percentEncoding: Decoder = {
  pattern: /%[0-7][\da-f]|%[cd][\da-f]%[89ab][\da-f]|%e[\da-f](?:%[89ab][\da-f]){2}|%f[0-7](?:%[89ab][\da-f]){3}/gi,
  replacement: (match) => Buffer.from(match.replaceAll("%", ""), "hex").toString("utf8"),
};

const lineBreaks: Decoder = { pattern: /[\r\n]+[ \t]*/g, replacement: () => "" };

/** Form encoding; undone only where a secret has a space, because a plus sign mostly stands for itself. */
const plusSigns: Decoder = { pattern: /\+/g, replacement: () => " " };

const alwaysUndone = [jsonEscapes, percentEncoding, lineBreaks];

function decode(view: View, decoder: Decoder): View | undefined {
  const starts: number[] = [];
  const ends: number[] = [];
  const parts: string[] = [];
  let copied = 0;
  const copy = (end: number): void => {
    for (let i = copied; i < end; i++) {
      starts.push(view.start(i));
      ends.push(view.end(i));
    }
    parts.push(view.text.slice(copied, end));
  };
  for (const match of view.text.matchAll(decoder.pattern)) {
    const replacement = decoder.replacement(match[0]);
    const behind = match.index + match[0].length;
    copy(match.index);
    for (let i = 0; i < replacement.length; i++) {
      starts.push(view.start(match.index));
      ends.push(view.end(behind - 1));
    }
    parts.push(replacement);
    copied = behind;
  }
  if (parts.length === 0) return undefined;
  copy(view.text.length);
  return {
    text: parts.join(""),
    start: (index) => starts[index] ?? view.text.length,
    end: (index) => ends[index] ?? view.text.length,
  };
}
