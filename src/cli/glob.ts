/**
 * Whether a path (without a leading `/`) matches a pattern as in gitignore(5): `*` and `?` within one name, `**` any
 * folders, `[…]`, `{a,b}`. A pattern without a `/` matches a name in any folder; what is below a match matches, too.
 */
export function globMatcher(pattern: string): (path: string) => boolean {
  const anchored = pattern.replace(/\/+$/, "").replace(/^\.?\//, "");
  const isName = !anchored.includes("/") && !pattern.startsWith("/");
  const expression = new RegExp(`^${isName ? "(?:.*/)?" : ""}${source(anchored)}(?:/.*)?$`, "s");
  return (path) => expression.test(path);
}

const piece = /\*\*\/|\/\*\*$|\*\*|\*|\?|\[!?[^\]/]+\]|\{[^{}]*\}|[\s\S]/g;

function source(pattern: string): string {
  return [...pattern.matchAll(piece)].map(([text]) => translate(text)).join("");
}

function translate(text: string): string {
  if (text === "**/") return "(?:.*/)?";
  if (text === "/**") return "/.*";
  if (text === "**") return ".*";
  if (text === "*") return "[^/]*";
  if (text === "?") return "[^/]";
  if (text.startsWith("[") && text.length > 2)
    return `[${text.slice(1, -1).replace(/^!/, "^").replace(/\\/g, "\\\\")}]`;
  if (text.startsWith("{") && text.length > 1) return `(?:${text.slice(1, -1).split(",").map(source).join("|")})`;
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
