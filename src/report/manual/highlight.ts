import { escapeHtml } from "./inline.ts";

/** Parts of a line of YAML: its comment, a key, a text in quotes, a number or word of YAML's own, a sign. */
const parts = new RegExp(
  [
    /(?<comment>(?:^|(?<=\s))#.*$)/,
    /(?<key>(?<=^[ -]*|[{,]\s*)(?!- )(?:[^\s"'#{}[\],:][^"'#{}[\],:\n]*|"[^"\n]*"|'[^'\n]*')(?=:(?:\s|$)))/,
    /(?<text>"(?:[^"\\]|\\.)*"|'[^']*')/,
    /(?<word>(?<=[\s,[]|^)(?:-?\d+(?:\.\d+)?|true|false|null|~)(?=[\s,\]}]|$))/,
    /(?<sign>(?<=^\s*(?:- )*)-(?=\s)|:(?=\s|$)|[{}[\]]|(?<=[:-] )[|>][+-]?$)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "gm",
);

/** YAML as HTML whose parts have classes: `y-comment`, `y-key`, `y-text`, `y-word`, `y-sign`. */
export function highlightYaml(yaml: string): string {
  let html = "";
  let copied = 0;
  for (const match of yaml.matchAll(parts)) {
    const [name] = Object.entries(match.groups ?? {}).find(([, found]) => found !== undefined) ?? ["text"];
    html += escapeHtml(yaml.slice(copied, match.index));
    html += `<span class="y-${name}">${escapeHtml(match[0])}</span>`;
    copied = match.index + match[0].length;
  }
  return html + escapeHtml(yaml.slice(copied));
}
