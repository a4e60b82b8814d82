import type { CommandDescription, OptionDescription } from "./program-description.ts";

/** What all pages have in common. */
export interface ManPageContext {
  version: string;
  /** Other pages, such as `kanod-runcmd(8)`. */
  seeAlso: readonly string[];
  /** Paths of files and what they are. */
  files: readonly (readonly [path: string, what: string])[];
}

/** Programs of the system's administration are in section 8 (hier(7)), the others in 1. */
export function manSection(program: string): 1 | 8 {
  return program === "kanod-bootcmd" || program === "kanod-runcmd" ? 8 : 1;
}

/** The page of a program in the macros of man(7), made of what its `--help` says. */
export function manPage(program: CommandDescription, context: ManPageContext): string {
  const { name, description, commands } = program;
  const title = `.TH ${name.toUpperCase()} ${manSection(name)} "" "kanod-configure ${context.version}"`;
  return [
    title,
    section("NAME", [`${roff(name)} \\- ${roff(firstSentence(description))}`]),
    section("SYNOPSIS", [synopsis(name, program)]),
    section("DESCRIPTION", [roff(description)]),
    section("OPTIONS", options(program)),
    ...(commands.length === 0
      ? []
      : [
          section(
            "COMMANDS",
            commands.flatMap((command) => subcommand(name, command)),
          ),
        ]),
    ...remarks("NOTES", program),
    section(
      "FILES",
      context.files.flatMap(([path, what]) => tagged(`.I ${roff(path)}`, roff(what))),
    ),
    section("SEE ALSO", [
      context.seeAlso
        .map((page) => `.BR ${page.replace("(", " (")} ,`)
        .join("\n")
        .replace(/ ,$/, ""),
    ]),
    "",
  ].join("\n");
}

function section(title: string, lines: readonly string[]): string {
  return [`.SH ${title}`, ...lines].join("\n");
}

function synopsis(name: string, { options: all, operands, commands }: CommandDescription): string {
  const words = [
    ...(commands.length > 0 ? ["\\fICOMMAND\\fR"] : []),
    ...(all.length > 0 ? ["[\\fIoptions\\fR]"] : []),
    ...operands.map(({ name: operand, required, several }) => {
      const word = `\\fI${roff(operand.replace(/\.+$/, ""))}\\fR${several ? "..." : ""}`;
      return required ? word : `[${word}]`;
    }),
  ];
  return `.B ${roff(name)}\n${words.join(" ")}`;
}

function subcommand(program: string, command: CommandDescription): string[] {
  return [
    `.SS ${roff(command.name)}`,
    synopsis(`${program} ${command.name}`, command),
    ".PP",
    roff(command.description),
    ...options(command),
    ...remarks("", command),
  ];
}

function options({ options: all, operands }: CommandDescription): string[] {
  const described = operands.filter(({ description }) => description !== "");
  return [
    ...described.flatMap(({ name, description }) => tagged(`.I ${roff(name.replace(/\.+$/, ""))}`, roff(description))),
    ...all.flatMap((option) => tagged(`.B ${flags(option)}`, optionText(option))),
  ];
}

function flags({ short, long, value }: OptionDescription): string {
  const names = [...(short === undefined || short === long ? [] : [short]), long].map((name) => roff(name));
  return `${names.join(", ")}${value === undefined ? "" : ` \\fI${roff(value)}\\fR`}`;
}

function optionText({ description, kind, byDefault }: OptionDescription): string {
  const choices = typeof kind === "object" ? [`One of ${kind.choices.join(", ")}.`] : [];
  const given = byDefault === undefined ? [] : [`Default: ${byDefault}.`];
  return roff([`${capital(description)}.`, ...choices, ...given].join(" "));
}

function tagged(tag: string, text: string): string[] {
  return [".TP", tag, text];
}

/** Tables of the help keep their lines. */
function remarks(title: string, { remarks: text }: CommandDescription): string[] {
  if (text === "") return [];
  const head = title === "" ? ".PP" : `.SH ${title}`;
  return [head, ".nf", roff(text), ".fi"];
}

function firstSentence(text: string): string {
  return /^.*?(?=[.:](?:\s|$)|$)/s.exec(text)?.[0] ?? text;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Text as groff(7) prints it: backslashes and hyphens that stay what they are, no requests, nothing but ASCII. */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^(?=[.'])/gm, "\\&")
    .replace(/[^ -~\n]/gu, (sign) => `\\[u${sign.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`);
}
