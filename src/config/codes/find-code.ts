import { codePages } from "./catalogue.ts";
import type { CodeText } from "./code-text.ts";

/** A code with its texts and its place in the documentation. */
export interface KnownCode extends CodeText {
  code: string;
  /** `docs/PAGE.md`. */
  page: string;
  section: string;
}

/** All codes, in the order of the documentation. */
export const knownCodes: readonly KnownCode[] = codePages.flatMap(({ name, sections }) =>
  sections.flatMap(({ title, codes }) =>
    Object.entries(codes).map(([code, text]) => ({ code, page: name, section: title, ...text })),
  ),
);

/** Undefined for a code of an element that others wrote. */
export function findCode(code: string): KnownCode | undefined {
  return knownCodes.find((known) => known.code === code);
}
