import { gunzipSync } from "node:zlib";
import { maxInputBytes } from "../../config/yaml.ts";
import { decodedText, type PlacedText } from "./placed-text.ts";

/** Why something could not be decoded, as the end of a sentence. */
export class DecodingError extends Error {}

const newlines = /\s+/g;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The bytes that base64 (RFC 4648, line breaks allowed) stands for. All readers want the padding. @throws DecodingError */
export function fromBase64(text: string): Buffer {
  const packed = text.replace(newlines, "");
  if (base64.test(`${packed}=`) || base64.test(`${packed}==`)) {
    throw new DecodingError("the signs `=` at the end of base64 are missing");
  }
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
const unpackers: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  b64: base64Bytes,
  base64: base64Bytes,
  gz: fromGzip,
  gzip: fromGzip,
  "gz+b64": packedBytes,
  "gz+base64": packedBytes,
  "gzip+b64": packedBytes,
  "gzip+base64": packedBytes,
};

function base64Bytes(bytes: Buffer): Buffer {
  return fromBase64(bytes.toString("latin1"));
}

function packedBytes(bytes: Buffer): Buffer {
  return fromGzip(base64Bytes(bytes));
}

/** The names of encodings that are known. */
export const encodings: readonly string[] = Object.keys(unpackers);

/** The text that is packed in another one, once by each of some {@link encodings}. @throws DecodingError */
export function unpack(packed: PlacedText, names: readonly string[]): PlacedText {
  if (names.length === 0) return packed;
  let bytes: Buffer = Buffer.from(packed.text);
  for (const name of names) {
    const unpacker = unpackers[name];
    if (unpacker === undefined) throw new DecodingError(`the encoding ${name} is not known`);
    bytes = unpacker(bytes);
  }
  return decodedText(packed, 0, packed.text.length, fromUtf8(bytes));
}
