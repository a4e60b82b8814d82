import { gunzipSync } from "node:zlib";
import { maxInputBytes } from "../yaml.ts";
import { decodedText, type PlacedText } from "./placed-text.ts";

/** Why something could not be decoded, as the end of a sentence. */
export class DecodingError extends Error {}

const newlines = /\s+/g;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** The bytes that base64 (RFC 4648, line breaks allowed) stands for. @throws DecodingError */
export function fromBase64(text: string): Buffer {
  const packed = text.replace(newlines, "");
  if (!base64.test(packed)) throw new DecodingError("it is not base64");
  return Buffer.from(packed, "base64");
}

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** What gzip (RFC 1952) stands for, at most as much as a file may hold. @throws DecodingError */
export function fromGzip(bytes: Uint8Array): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxInputBytes });
  } catch (error) {
    const isTooLarge = (error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE";
    const size = `${maxInputBytes / 1024 / 1024} MiB`;
    throw new DecodingError(isTooLarge ? `it is larger than ${size} when unpacked` : "it is not valid gzip");
  }
}

/** The text of bytes in UTF-8. @throws DecodingError */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new DecodingError("it is not UTF-8 text");
  }
}

/** How text is packed, as cloud-init and kubeadm name it in `encoding`. */
const unpackers: Readonly<Record<string, (text: string) => Buffer>> = {
  b64: fromBase64,
  base64: fromBase64,
  gz: (text) => fromGzip(Buffer.from(text, "latin1")),
  gzip: (text) => fromGzip(Buffer.from(text, "latin1")),
  "gz+b64": (text) => fromGzip(fromBase64(text)),
  "gz+base64": (text) => fromGzip(fromBase64(text)),
  "gzip+b64": (text) => fromGzip(fromBase64(text)),
  "gzip+base64": (text) => fromGzip(fromBase64(text)),
};

/** The names of encodings that are known. */
export const encodings: readonly string[] = Object.keys(unpackers);

/** The text that is packed in another one. `encoding` is one of {@link encodings}. @throws DecodingError */
export function unpack(packed: PlacedText, encoding: string): PlacedText {
  const unpacker = unpackers[encoding];
  if (unpacker === undefined) throw new DecodingError(`the encoding ${encoding} is not known`);
  return decodedText(packed, 0, packed.text.length, fromUtf8(unpacker(packed.text)));
}
