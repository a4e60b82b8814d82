const maxLength = 60;

/** A name or value between backticks as a message may show it: on one line, printable, and shortened. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  const characters = [...text.slice(0, 2 * maxLength + 1)];
  const cut = characters.length > maxLength ? `${characters.slice(0, maxLength - 1).join("")}…` : text;
  return `\`${printable(cut)}\``;
}

/**
 * The text on one line, in which escapes stand for control characters and for what changes the direction of text or is
 * invisible: it can neither drive a terminal nor pass for a line of its own.
 */
export function printable(text: string): string {
  // Unicode categories Cc (control), Cf (format: bidirectional marks, …), Cs (lone surrogates), Zl and Zp (separators). In
  // here because V8 looks the categories up, which takes its time, when it comes to the expression.
  return text.replace(/\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/gu, (character) => {
    const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character];
    if (short !== undefined) return short;
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
