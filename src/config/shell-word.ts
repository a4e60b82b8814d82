/** One word of a POSIX shell command, quoted where its characters ask for it. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : shellString(text);
}

/** A text between single quotes, in which a POSIX shell changes nothing. */
export function shellString(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
