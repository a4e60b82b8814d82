/** All that is generated is indented by two blanks from level to level. */
const step = 2;

/**
 * Whether all readers of YAML take a text in a block for the same text: those of version 1.1, such as cloud-init's,
 * break lines also at other characters, a carriage return is a line break to all of them, and they do not agree about
 * blanks at the end.
 */
export function isPlainText(text: string): boolean {
  return !/[\r\u0085\u2028\u2029\ufeff]|(?:^|\n)[ \t]+\n*$/.test(text);
}

/**
 * A text as a YAML block scalar (YAML 1.2.2, 8.1) that is read back to the very text. For texts that are
 * {@link isPlainText}.
 *
 * @param indent blanks before each line
 */
export function literalBlock(text: string, indent: number): string {
  const hasEnd = text.endsWith("\n");
  const lines = (hasEnd ? text.slice(0, -1) : text).split("\n");
  const isOrdinary = hasEnd && lines.at(-1) !== "";
  const chomping = isOrdinary ? "" : hasEnd ? "+" : "-";
  // Without it the first line would say how far all of them are indented.
  const indicator = /^[ \n]/.test(text) ? String(step) : "";
  const indented = lines.map((line) => (line === "" ? "" : " ".repeat(indent) + line));
  return `|${indicator}${chomping}\n${indented.join("\n")}\n`;
}
