import { printable } from "../config/shown.ts";

/** In characters. */
const longestWord = 500;

/**
 * A command as one line for people. Words that hold anything unusual are quoted as in JSON, and very long ones are cut;
 * it is no shell syntax.
 */
export function printableCommand(argv: readonly string[]): string {
  return argv.map(printableWord).join(" ");
}

function printableWord(word: string): string {
  if (word.length > longestWord) return `${printableWord(word.slice(0, longestWord))}…`;
  return /^[\w@%+=:,./-]+$/.test(word) ? word : printable(JSON.stringify(word));
}

/** A URL without user information, query and fragment, where secrets may hide. */
export function urlSubject(text: string): string {
  if (!URL.canParse(text)) return "(not a URL)";
  const { protocol, host, pathname } = new URL(text);
  return printable(`${protocol}//${host}${pathname}`);
}
