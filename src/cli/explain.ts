import type { KnownCode } from "../config/codes/find-code.ts";
import { shown } from "../config/shown.ts";
import { suggest } from "../config/suggest.ts";
import { type CommandContext, type Program, usageError } from "./command-line.ts";
import { exitCodes } from "./io.ts";
import { formatOption } from "./options.ts";

/** `explain`: meaning and remedy of the codes that messages end with. */
export function defineExplain(program: Program, { io }: CommandContext): void {
  const command = program.command
    .command("explain")
    .description("Explain the codes that messages show in square brackets. Without a code, list all codes.")
    .argument("[CODE...]", "codes, such as `unknown-key`")
    .addOption(formatOption(["text", "json"]))
    .addHelpText("after", "\nExit codes: 0 done, 2 usage error or unknown code.");
  program.setAction<{ format: string }>(command, async ({ format }, codes) => {
    const { knownCodes } = await import(/* webpackMode: "eager" */ "../config/codes/find-code.ts");
    const asked = codes.length === 0 ? knownCodes : codes.map((code) => find(knownCodes, code));
    if (format === "json") io.out(`${JSON.stringify(asked, undefined, 2)}\n`);
    else io.out(codes.length === 0 ? list(asked) : asked.map(explanation).join("\n"));
    return exitCodes.done;
  });
}

/** The code may be given as messages show it, in square brackets. */
function find(known: readonly KnownCode[], given: string): KnownCode {
  const code = given.replace(/^(?:error|warning|note)?\[(.*)\]$/, "$1");
  const found = known.find((each) => each.code === code);
  if (found !== undefined) return found;
  const near = suggest(
    code,
    known.map((each) => each.code),
  );
  throw usageError(
    "unknown-code",
    `unknown code ${shown(code)}`,
    near === undefined
      ? "`kanod-configure explain` lists all codes; an element of another author explains its own in its README"
      : `did you mean ${shown(near)}?`,
  );
}

function explanation({ code, severity = "error", section, meaning, remedy, example }: KnownCode): string {
  const lines = [
    `${severity}[${code}] (${section})`,
    `  ${meaning}`,
    `  What to do: ${remedy}`,
    ...(example === undefined ? [] : ["  Example:", ...example.split("\n").map((line) => `    ${line}`)]),
  ];
  return `${lines.join("\n")}\n`;
}

function list(codes: readonly KnownCode[]): string {
  const width = Math.max(...codes.map(({ code }) => code.length));
  const sections = [...new Set(codes.map(({ section }) => section))];
  return sections
    .map((section) => {
      const own = codes.filter((each) => each.section === section);
      return [section, ...own.map(({ code, meaning }) => `  ${code.padEnd(width)}  ${meaning}`), ""].join("\n");
    })
    .join("\n");
}
