import type { Argument, Command, Option } from "commander";

/** What a word of a command line may be. */
export type WordKind = { choices: readonly string[] } | "file" | "folder" | "other";

export interface OptionDescription {
  /** `-o`, where there is one. */
  short: string | undefined;
  /** `--output`. */
  long: string;
  /** Name of the value, such as `file`; undefined for an option without one. */
  value: string | undefined;
  kind: WordKind;
  description: string;
  /** As text, where the user should know it. */
  byDefault: string | undefined;
}

export interface CommandDescription {
  name: string;
  description: string;
  operands: { name: string; kind: WordKind; required: boolean; several: boolean; description: string }[];
  options: OptionDescription[];
  /** What its help says besides, such as exit codes. */
  remarks: string;
  commands: CommandDescription[];
}

/** All that `--help` says of a program, in parts. */
export function describeProgram(command: Command): CommandDescription {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: command.description(),
    operands: command.registeredArguments.map(describeOperand),
    options: help.visibleOptions(command).map(describeOption),
    remarks: remarksOf(command),
    commands: help.visibleCommands(command).map(describeProgram),
  };
}

function describeOperand(argument: Argument): CommandDescription["operands"][number] {
  const name = argument.name();
  const kind = argument.argChoices === undefined ? kindOf(name) : { choices: argument.argChoices };
  const { required, variadic: several, description } = argument;
  return { name, kind, required, several, description };
}

function describeOption(option: Option): OptionDescription {
  const value = /[<[]([^\]>]+)[\]>]/.exec(option.flags)?.[1];
  const { short, argChoices } = option;
  const isShown = value !== undefined && ["string", "number"].includes(typeof option.defaultValue);
  return {
    short,
    long: option.long ?? short ?? "",
    value,
    kind: argChoices === undefined ? kindOf(value ?? "") : { choices: argChoices },
    description: option.description,
    byDefault: isShown ? String(option.defaultValue) : undefined,
  };
}

/** The names of values are the same in all commands. */
function kindOf(name: string): WordKind {
  const word = name.toLowerCase().replace(/\W+$/, "");
  if (word === "file") return "file";
  return word === "dir" || word === "module" ? "folder" : "other";
}

/** commander gives them only to an output. */
function remarksOf(command: Command): string {
  let text = "";
  const { writeOut } = command.configureOutput();
  command.configureOutput({
    writeOut: (piece) => {
      text += piece;
    },
  });
  command.outputHelp();
  if (writeOut !== undefined) command.configureOutput({ writeOut });
  return text.slice(command.helpInformation().length).trim();
}
