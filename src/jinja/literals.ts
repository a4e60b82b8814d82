import { controlCharacters } from "./python-regexp.ts";

/** Of Python's string literals; a backslash before another character stays. */
const simpleEscapes: Readonly<Record<string, string>> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  ...controlCharacters,
};

/** The value of a string as it is written, with its quotes and with Python's escapes. */
export function stringLiteral(written: string): string {
  const escapes =
    /\\(?:x(?<hex>[0-9a-fA-F]{2})|u(?<short>[0-9a-fA-F]{4})|U(?<long>00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})|(?<octal>[0-7]{1,3})|(?<other>[\s\S]))/gu;
  const body = written.slice(1, -1);
  return body.replaceAll(escapes, (all, hex?: string, short?: string, long?: string, octal?: string, other = "") => {
    const code = hex ?? short ?? long;
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
    return simpleEscapes[other] ?? all;
  });
}

export function numberLiteral(written: string, type: "integer" | "float"): bigint | number {
  const digits = written.replaceAll("_", "");
  return type === "integer" ? BigInt(digits) : Number(digits);
}
