const begin = "# Written by kanod-configure: changes between these two lines are lost.";
const end = "# End of what kanod-configure wrote.";

/**
 * The text of a file of lines with comments (`#`), in which the lines between our two marks are replaced by `lines`;
 * without any, marks and lines are removed. All other lines stay as they are. The block is put at the end, because in such
 * files the last of several assignments counts.
 */
export function withMarkedBlock(text: string, lines: readonly string[]): string {
  const kept = withoutBlocks(text);
  if (lines.length === 0) return kept;
  const lineEnd = kept === "" || kept.endsWith("\n") ? "" : "\n";
  return `${kept}${lineEnd}${[begin, ...lines, end].join("\n")}\n`;
}

/** The lines between our marks. */
export function markedBlock(text: string): string[] {
  const lines = text.split("\n");
  const from = lines.indexOf(begin);
  const to = lines.indexOf(end, from);
  return from < 0 || to < 0 ? [] : lines.slice(from + 1, to);
}

function withoutBlocks(text: string): string {
  const lines = text.split("\n");
  for (;;) {
    const from = lines.indexOf(begin);
    if (from < 0) return lines.join("\n");
    const to = lines.indexOf(end, from);
    // A begin whose end somebody removed: only that line is ours for certain.
    lines.splice(from, to < 0 ? 1 : to - from + 1);
  }
}
