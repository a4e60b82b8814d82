import { exampleOf } from "./example.ts";
import type { Entry, Manual, Section } from "./model.ts";
import { code } from "./words.ts";

/** The manual as Markdown, as GitHub renders it. */
export async function manualMarkdown(manual: Manual): Promise<string> {
  const link = linksTo(manual);
  const sections = await Promise.all(manual.sections.map((section) => sectionText(section, link)));
  const parts = [`# ${manual.title}`, manual.description, contents(manual, link), ...sections].filter(
    (part) => part !== "",
  );
  return `${parts.join("\n\n")}\n`;
}

/** A link to the section of a key, or of a definition. */
type Link = (name: string, isDefinition: boolean) => string;

/** Each heading has an anchor of its own: the second of the same name ends with `-1`. */
function linksTo({ title, sections }: Manual): Link {
  const counts = new Map([[anchor(title), 1]]);
  const anchors = new Map<string, string>();
  for (const { name, isDefinition } of sections) {
    const own = anchor(name);
    const count = counts.get(own) ?? 0;
    counts.set(own, count + 1);
    anchors.set(`${isDefinition} ${name}`, count === 0 ? own : `${own}-${count}`);
  }
  return (name, isDefinition) => `[${code(name)}](#${anchors.get(`${isDefinition} ${name}`) ?? anchor(name)})`;
}

function contents({ sections }: Manual, link: Link): string {
  const linked = (wanted: boolean): string[] => {
    return sections.filter(({ isDefinition }) => isDefinition === wanted).map(({ name }) => link(name, wanted));
  };
  const keys = linked(false);
  const shared = linked(true);
  return [
    `Keys: ${keys.join(", ")}`,
    ...(shared.length === 0 ? [] : [`Used in several places: ${shared.join(", ")}`]),
  ].join("\n\n");
}

async function sectionText({ name, isDefinition, entry }: Section, link: Link): Promise<string> {
  const kind = [entry.type, ...remarks(entry)].join(", ");
  const example = isDefinition ? undefined : await exampleOf(name, entry);
  const parts = [
    `## ${code(name)}`,
    `${kind.charAt(0).toUpperCase()}${kind.slice(1)}.${seeAlso(entry, link)}`,
    entry.description,
    table(entry.entries, link),
    example === undefined ? "" : `\`\`\`yaml\n${example}\`\`\``,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function table(entries: readonly Entry[], link: Link): string {
  if (entries.length === 0) return "";
  const rows = flattened(entries).map(
    (entry) => `| ${[code(entry.path), kindOf(entry), cell(about(entry, link))].join(" | ")} |`,
  );
  return ["| key | value | |", "|---|---|---|", ...rows].join("\n");
}

/** An entry, and then those below it. */
export function flattened(entries: readonly Entry[]): Entry[] {
  return entries.flatMap((entry) => [entry, ...flattened(entry.entries)]);
}

function kindOf(entry: Entry): string {
  return cell(`${entry.type}${entry.required ? ", **required**" : ""}`);
}

function about(entry: Entry, link: Link): string {
  const said = [entry.description, sentence(remarks({ ...entry, required: false })), shortExample(entry)];
  return (said.filter((each) => each !== "").join(" ") + seeAlso(entry, link)).trim();
}

/** In characters: longer ones would hide the table. */
const maxExample = 80;

export function shortExample({ examples, entries }: Entry): string {
  const [example] = examples;
  if (example === undefined || entries.length > 0) return "";
  const shown = code(example);
  return shown.length > maxExample ? "" : `For example ${shown}.`;
}

/** What is said of a value besides its kind and its description. */
export function remarks({ required, secret, facts, default: byDefault, description }: Entry): string[] {
  const isTold = byDefault === undefined || /\bdefault\b/i.test(description);
  return [
    ...(required ? ["required"] : []),
    ...(secret ? ["a secret: it is shown nowhere"] : []),
    ...facts,
    ...(isTold ? [] : [`default ${code(byDefault)}`]),
  ];
}

function sentence(parts: readonly string[]): string {
  const text = parts.join(", ");
  return text === "" ? "" : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function seeAlso({ definitions }: Entry, link: Link): string {
  if (definitions.length === 0) return "";
  return ` See ${definitions.map((name) => link(name, true)).join(", ")}.`;
}

function cell(text: string): string {
  return text
    .replace(/\s*\n\s*\n\s*/g, "<br>")
    .replaceAll("\n", " ")
    .replaceAll("|", "\\|");
}

/** As GitHub makes it of a heading. */
function anchor(name: string): string {
  return name.toLowerCase().replace(/[^\w-]/g, "");
}
