/** One line of text in which every control character is escaped, so that it can neither drive a terminal nor fake lines. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, escapeCharacter);
}

/** Like {@link printable}, but line feeds and tabs stay. */
export function printableLines(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g, escapeCharacter);
}

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

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
}
