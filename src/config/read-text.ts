import type { Code } from "./codes/catalogue.ts";
import type { SourceRange } from "./problem.ts";
import { SourceText } from "./source-text.ts";

const byteOrderMark = "\ufeff";
const replacement = 0xfffd;

/** What a text cannot be read for, and where. */
export interface TextFault {
  code: Code;
  message: string;
  hint: string;
  source: SourceRange;
}

/** The text of an input, without its byte-order mark, and the first byte of it that is no UTF-8. */
export function decodeText(input: string | Uint8Array, file: string): { source: SourceText; fault?: TextFault } {
  if (typeof input === "string") return { source: new SourceText(file, withoutMark(input)) };
  const decoded = new TextDecoder("utf-8", { ignoreBOM: true }).decode(input);
  const marked = decoded.startsWith(byteOrderMark) ? byteOrderMark.length : 0;
  const source = new SourceText(file, decoded.slice(marked));
  const invalid = firstInvalid(input, decoded);
  if (invalid === undefined) return { source };
  const at = invalid.offset - marked;
  const byte = (input[invalid.byte] ?? 0).toString(16).padStart(2, "0");
  const fault: TextFault = {
    code: "not-utf8",
    message: `the byte 0x${byte} at offset ${invalid.byte} is not valid UTF-8`,
    hint: "save the file with the encoding UTF-8",
    source: source.range(at, at + 1),
  };
  return { source, fault };
}

/** Characters that a YAML text may only hold escaped (YAML 1.2.2, production 1 `c-printable`). */
export function unprintableCharacters(source: SourceText, limit: number): TextFault[] {
  const faults: TextFault[] = [];
  for (const match of source.text.matchAll(unprintable)) {
    if (faults.length === limit) break;
    const code = (match[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    faults.push({
      code: "control-character",
      message: `U+${code} is not allowed in YAML`,
      hint: `remove it, or write it as \\u${code} between double quotes`,
      source: source.range(match.index, match.index + 1),
    });
  }
  return faults;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them
const unprintable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ud800-\udfff\ufffe\uffff]/gu;

function withoutMark(text: string): string {
  return text.startsWith(byteOrderMark) ? text.slice(byteOrderMark.length) : text;
}

/** Where a replacement character of the decoded text stands for bytes that are not its own encoding (EF BF BD). */
function firstInvalid(bytes: Uint8Array, decoded: string): { byte: number; offset: number } | undefined {
  if (!decoded.includes(String.fromCharCode(replacement))) return undefined;
  let byte = 0;
  for (let offset = 0; offset < decoded.length; ) {
    const code = decoded.codePointAt(offset) ?? 0;
    const isItself = bytes[byte] === 0xef && bytes[byte + 1] === 0xbf && bytes[byte + 2] === 0xbd;
    if (code === replacement && !isItself) return { byte, offset };
    byte += utf8Length(code);
    offset += code > 0xffff ? 2 : 1;
  }
  return undefined;
}

function utf8Length(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}
