/** A line of fstab(5). */
export interface FstabEntry {
  /** `/dev/vdb`, `UUID=…`, `LABEL=…`, `server:/export`, `tmpfs`. */
  source: string;
  /** Mount point; `none` for swap. */
  path: string;
  type: string;
  options: string;
  dump: number;
  pass: number;
}

const begin = "# BEGIN kanod-configure: changes made between these lines are lost";
const end = "# END kanod-configure";

/** The entries of an fstab, those of our block apart from those that others wrote. */
export function parseFstab(text: string): { ours: FstabEntry[]; others: FstabEntry[] } {
  const block = findBlock(text.split("\n"));
  return { ours: block.inside.flatMap(parseLine), others: block.outside.flatMap(parseLine) };
}

/** `text` with our block replaced; without entries it has none. All else stays as it is. */
export function withEntries(text: string, entries: readonly FstabEntry[]): string {
  const others = findBlock(text.split("\n")).outside.join("\n");
  if (entries.length === 0) return others;
  const separator = others === "" || others.endsWith("\n") ? "" : "\n";
  return `${others}${separator}${[begin, ...entries.map(formatEntry), end].join("\n")}\n`;
}

function findBlock(lines: readonly string[]): { inside: string[]; outside: string[] } {
  const first = lines.indexOf(begin);
  const last = lines.indexOf(end, first);
  if (first === -1 || last === -1) return { inside: [], outside: [...lines] };
  return { inside: lines.slice(first + 1, last), outside: [...lines.slice(0, first), ...lines.slice(last + 1)] };
}

export function formatEntry({ source, path, type, options, dump, pass }: FstabEntry): string {
  return [...[source, path, type, options].map(escapeField), dump, pass].join(" ");
}

function parseLine(line: string): FstabEntry[] {
  const words = line.split(/[ \t]+/).filter((word) => word !== "");
  const [source = "", path = "", type = "auto", options = "defaults", dump, pass] = words;
  if (source === "" || source.startsWith("#")) return [];
  const fields = [source, path, type, options].map(unescapeField);
  const [its = "", mountPoint = "", kind = "", settings = ""] = fields;
  return [
    { source: its, path: mountPoint, type: kind, options: settings, dump: Number(dump ?? 0), pass: Number(pass ?? 0) },
  ];
}

/** Octal, as getmntent(3) decodes it; and # lest the line become a comment. Other white space does not end a field. */
function escapeField(text: string): string {
  return text.replace(/[ \t\n\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

function unescapeField(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
