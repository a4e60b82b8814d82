import { DecodingError, fromBase64, fromGzip, fromUtf8 } from "./encodings.ts";
import { decodedText, type PlacedText, partText } from "./placed-text.ts";

/** One part of a MIME message that has no parts of its own. */
export interface MimePart {
  /** In lower case, without parameters, such as `text/cloud-config`; undefined where only the content tells it. */
  type: string | undefined;
  /** Decoded where it is text. */
  text: PlacedText;
  /** How cloud-init merges it, where a header says so. */
  mergeType: string | undefined;
}

/** The types by which cloud-init knows parts that are packed with gzip (`DECOMP_TYPES` of its user_data.py). */
const gzipTypes = /^application\/(?:gzipped|x-gunzip|x-compress(?:ed)?|(?:x-)?gzip(?:-compressed)?)$/;

/** Parts within parts that are followed. */
const maxDepth = 8;

/** Whether cloud-init takes a text for a MIME message: it looks for this text in the first 4096 bytes. */
export function isMime(text: string): boolean {
  return text.slice(0, 4096).toLowerCase().includes("mime-version:");
}

/**
 * The parts of a MIME message (RFC 2045, 2046). Parts that cannot be decoded are told to `fault`, with what is wrong,
 * and left out.
 */
export function mimeParts(
  message: PlacedText,
  fault: (at: PlacedText, reason: string) => void,
  depth: number = maxDepth,
): MimePart[] {
  const { headers, bodyStart } = readHeaders(message.text);
  const body = slice(message, bodyStart, message.text.length);
  const type = (headers.get("content-type") ?? "text/plain").split(";")[0]?.trim().toLowerCase() ?? "";
  if (!type.startsWith("multipart/")) {
    const mergeType = headers.get("merge-type") ?? headers.get("x-merge-type");
    const isPacked = gzipTypes.test(type);
    if (!isPacked && !type.startsWith("text/")) return [{ type, text: body, mergeType }];
    const text = decodeBody(body, headers.get("content-transfer-encoding") ?? "7bit", isPacked, fault);
    return text === undefined ? [] : [{ type: isPacked ? undefined : type, text, mergeType }];
  }
  const boundary = parameter(headers.get("content-type") ?? "", "boundary");
  if (boundary === undefined || depth === 0) {
    fault(message, boundary === undefined ? "it has several parts but no boundary" : "its parts are nested too deep");
    return [];
  }
  return splitParts(body, boundary).flatMap((part) => mimeParts(part, fault, depth - 1));
}

/** RFC 5322, 2.2: a header goes on in the next line when that begins with a blank. */
function readHeaders(text: string): { headers: Map<string, string>; bodyStart: number } {
  const headers = new Map<string, string>();
  const line = /[^\n]*\n?/y;
  let name: string | undefined;
  while (line.lastIndex < text.length) {
    const start = line.lastIndex;
    const content = (line.exec(text)?.[0] ?? "").replace(/\r?\n$/, "");
    if (content === "") break;
    const colon = content.indexOf(":");
    if (!/^(?:From |[ \t]|[!-9;-~]*:)/.test(content)) return { headers, bodyStart: start };
    if (/^[ \t]/.test(content) && name !== undefined) {
      headers.set(name, `${headers.get(name)} ${content.trim()}`);
    } else if (colon > 0) {
      name = content.slice(0, colon).trim().toLowerCase();
      headers.set(name, content.slice(colon + 1).trim());
    }
  }
  return { headers, bodyStart: line.lastIndex };
}

function parameter(header: string, name: string): string | undefined {
  const [, quoted, plain] = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^\\s;]+))`, "i").exec(header) ?? [];
  return quoted ?? plain;
}

function splitParts(body: PlacedText, boundary: string): PlacedText[] {
  const delimiter = `--${boundary}`;
  const parts: PlacedText[] = [];
  let start: number | undefined;
  for (let at = 0; at < body.text.length; ) {
    const lineBreak = body.text.indexOf("\n", at);
    const next = lineBreak === -1 ? body.text.length : lineBreak + 1;
    const line = body.text.slice(at, next).trimEnd();
    if (line === delimiter || line === `${delimiter}--`) {
      // The line break before a boundary belongs to the boundary.
      const end = body.text[at - 2] === "\r" ? at - 2 : at - 1;
      if (start !== undefined) parts.push(slice(body, start, Math.max(start, end)));
      start = line === delimiter ? next : undefined;
    }
    at = next;
  }
  return start === undefined ? parts : [...parts, slice(body, start, body.text.length)];
}

function slice(outer: PlacedText, start: number, end: number): PlacedText {
  return partText(outer, outer.text.slice(start, end), [{ inner: 0, outer: start }]);
}

function decodeBody(
  body: PlacedText,
  encoding: string,
  isPacked: boolean,
  fault: (at: PlacedText, reason: string) => void,
): PlacedText | undefined {
  const decode = decoders[encoding.trim().toLowerCase()];
  if (decode === undefined && !isPacked) return body;
  try {
    const bytes = decode?.(body.text) ?? Buffer.from(body.text);
    return decodedText(body, 0, body.text.length, fromUtf8(isPacked ? fromGzip(bytes) : bytes));
  } catch (error) {
    if (!(error instanceof DecodingError)) throw error;
    fault(body, error.message);
    return undefined;
  }
}

/** RFC 2045, 6.7 and 6.8. The other encodings leave the text as it is. */
const decoders: Readonly<Record<string, (text: string) => Buffer>> = {
  base64: fromBase64,
  "quoted-printable": (text) => {
    const joined = text.replace(/[ \t]+(?=\r?$)/gm, "").replace(/=\r?\n/g, "");
    const bytes = Buffer.from(joined).toString("latin1");
    const decoded = bytes.replace(/=([\dA-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    return Buffer.from(decoded, "latin1");
  },
};
