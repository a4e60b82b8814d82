import { printable } from "../../config/shown.ts";
import type { DeclaredOption } from "./options.ts";
import type { BuildResolution, ListedEntry, Origin, ResolvedVariable, SkippedPart } from "./resolve.ts";

const hidden = "(secret)";

/**
 * For people: which entry of which module, under which conditions, brought in or removed each variable, element and
 * package, and what was left out. Values of secret options are not shown.
 */
export function explainResolution(resolution: BuildResolution): string {
  const sections: readonly [string, readonly string[]][] = [
    ["options", resolution.options.declared.flatMap((option) => optionLine(resolution, option))],
    ["variables", resolution.variables.map(variableLines)],
    ["elements", resolution.elements.map(listedLines)],
    ["packages", resolution.packages.map(listedLines)],
    ["left out", resolution.skipped.map(skippedLines)],
  ];
  return sections
    .filter(([, blocks]) => blocks.length > 0)
    .map(([title, blocks]) => `${title}\n${blocks.map((block) => indented(block)).join("")}`)
    .join("\n");
}

/** For people: the options of modules, each with its description, default and choices. */
export function describeOptions(declared: readonly DeclaredOption[]): string {
  if (declared.length === 0) return "These modules have no options.\n";
  return declared.map((option) => indented(optionHelp(option))).join("");
}

function optionHelp({ kind, name, description, default: byDefault, choices, secret, modules }: DeclaredOption): string {
  const facts = [
    choices === undefined ? "" : `one of ${choices.join(", ")}`,
    byDefault === undefined ? "" : `default ${secret ? hidden : `'${byDefault}'`}`,
    secret ? "secret" : "",
    `module ${modules.join(", ")}`,
  ].filter((fact) => fact !== "");
  const use = kind === "flag" ? `--bool ${name}` : `--set ${name}=VALUE`;
  return [use, ...(description === undefined ? [] : [`  ${description}`]), `  ${facts.join("; ")}`].join("\n");
}

function optionLine(
  { options }: BuildResolution,
  { kind, name, default: byDefault, secret }: DeclaredOption,
): string[] {
  if (kind === "flag") return options.flags.has(name) ? [`${name}  set by the user`] : [];
  const value = options.vars.get(name);
  if (value === undefined) return [];
  const origin = value === byDefault ? "the default" : "set by the user";
  return [`${name} = ${secret ? hidden : `'${value}'`}  ${origin}`];
}

function variableLines({ name, value, secret, origin, replaced }: ResolvedVariable): string {
  const earlier = replaced.map((each) => `  instead of what ${place(each)} gives`);
  return [`${name} = ${secret ? hidden : `'${value}'`}`, `  ${reason(origin)}`, ...earlier].join("\n");
}

function listedLines({ text, origin, removedBy }: ListedEntry): string {
  if (removedBy === undefined) return `${text}\n  ${reason(origin)}`;
  return `- ${text}\n  ${reason(origin)}\n  removed by ${reason(removedBy)}`;
}

function skippedLines({ what, contents, origin }: SkippedPart): string {
  const failed = origin.when.filter(({ holds }) => !holds).map(({ text, reason: why }) => `${text} (${why})`);
  return `${what} ${contents.join(", ")}\n  ${place(origin)}, does not hold: ${failed.join(", ")}`;
}

function reason(origin: Origin): string {
  const conditions = origin.when.map(({ text, reason: why }) => `${text} (${why})`);
  return `${place(origin)}, ${conditions.length === 0 ? "always" : `because ${conditions.join(", ")}`}`;
}

function place({ module, source }: Origin): string {
  return source === undefined ? "the command line" : `${module} ${source.file}:${source.line}:${source.column}`;
}

function indented(block: string): string {
  return block
    .split("\n")
    .map((line) => `  ${printable(line)}\n`)
    .join("");
}
