import { printable } from "../config/shown.ts";

/**
 * A command as one line for people. Words that hold anything unusual are quoted as in JSON; of a very long one
 * only the length is given. Nothing is cut here, since a part of a secret is not known to the log. It is no shell syntax.
 */
export function printableCommand(argv: readonly string[]): string {
  return argv.map(printableWord).join(" ");
}

/** In characters. */
const longestWord = 4096;

function printableWord(word: string): string {
  if (word.length > longestWord) return `(${word.length} characters)`;
  return /^[\w@%+=:,./-]+$/.test(word) ? word : printable(JSON.stringify(word));
}

/** A URL without user information, query and fragment, where secrets may hide. */
export function urlSubject(text: string): string {
  if (!URL.canParse(text)) return "(not a URL)";
  const { protocol, host, pathname } = new URL(text);
  return printable(`${protocol}//${host}${pathname}`);
}
