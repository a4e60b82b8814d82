/** In characters. */
const longest = 200;

/** Text from a server as one bounded line, in which nothing drives a terminal. */
export function printableLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  const line = text.replace(/[\s\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").trim();
  return line.length <= longest ? line : `${line.slice(0, longest)}…`;
}
