import { splitMarkedBlock, withMarkedBlock } from "kanod-configure";

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

/** The entries of an fstab, those of our block apart from those that others wrote. */
export function parseFstab(text: string): { ours: FstabEntry[]; others: FstabEntry[] } {
  const { ours, others } = splitMarkedBlock(text);
  return { ours: ours.flatMap(parseLine), others: others.split("\n").flatMap(parseLine) };
}

/** `text` with our block replaced; without entries it has none. All else stays as it is. */
export function withEntries(text: string, entries: readonly FstabEntry[]): string {
  return withMarkedBlock(text, entries.map(formatEntry));
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
