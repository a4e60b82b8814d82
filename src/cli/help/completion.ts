import { shellString } from "../../config/shell-word.ts";
import type { CommandDescription, OptionDescription, WordKind } from "./program-description.ts";

export type Shell = "bash" | "zsh" | "fish";

/** The script that lets a shell complete the command lines of programs. */
export function completionScript(shell: Shell, programs: readonly CommandDescription[]): string {
  return { bash, zsh, fish }[shell](programs);
}

/** A program alone, or with one of its commands. */
interface Place {
  program: CommandDescription;
  command: CommandDescription | undefined;
}

function places(programs: readonly CommandDescription[]): Place[] {
  return programs.flatMap((program) => [
    { program, command: undefined },
    ...program.commands.map((command) => ({ program, command })),
  ]);
}

function flagsOf({ short, long }: OptionDescription): string[] {
  return short === undefined || short === long ? [long] : [short, long];
}

/** What may stand where no option does. */
function operandKind({ program, command }: Place): WordKind {
  const { operands, commands } = command ?? program;
  if (commands.length > 0) return { choices: commands.map(({ name }) => name) };
  return operands.at(-1)?.kind ?? "other";
}

// bash(1), "Programmable Completion". It works without the package bash-completion.

function bash(programs: readonly CommandDescription[]): string {
  const cases = places(programs).map((place) => {
    const { program, command } = place;
    const { options } = command ?? program;
    const values = options
      .filter(({ value }) => value !== undefined)
      .map((option) => `        ${flagsOf(option).join("|")}) ${bashWords(option.kind)} return ;;`);
    const operands = bashWords(operandKind(place));
    return [
      `    "${program.name} ${command?.name ?? ""}")`,
      ...(values.length === 0 ? [] : ['      case "$before" in', ...values, "      esac"]),
      `      options="${options.flatMap(flagsOf).join(" ")}"`,
      ...(operands === "" ? [] : [`      [[ $word == -* ]] || ${operands}`]),
      "      ;;",
    ].join("\n");
  });
  const withCommands = programs.filter(({ commands }) => commands.length > 0).map(({ name }) => name);
  return `# Completion of kanod-configure for bash(1).
_kanod_words() { COMPREPLY=($(compgen -W "$1" -- "$word")); }
_kanod_files() { local IFS=$'\\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen "$1" -- "$word")); }
_kanod_configure() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command= options= index
  local IFS=$' \\n'
  COMPREPLY=()
  case "\${1##*/}" in
    ${withCommands.join("|")})
      for ((index = 1; index < COMP_CWORD; index++)); do
        [[ \${COMP_WORDS[index]} == -* ]] || { command=\${COMP_WORDS[index]}; break; }
      done ;;
  esac
  case "\${1##*/} $command" in
${cases.join("\n")}
  esac
  if [[ $word == -* ]]; then _kanod_words "$options"; fi
}
complete -F _kanod_configure ${programs.map(({ name }) => name).join(" ")}
`;
}

function bashWords(kind: WordKind): string {
  if (kind === "file") return "_kanod_files -f;";
  if (kind === "folder") return "_kanod_files -d;";
  return kind === "other" ? "" : `_kanod_words "${kind.choices.join(" ")}";`;
}

// zshcompsys(1), _arguments.

function zsh(programs: readonly CommandDescription[]): string {
  const functions = programs.map((program) => {
    const name = `_${program.name}`;
    if (program.commands.length === 0) return `${name}() {\n  _arguments -s ${zshArguments(program)}\n}`;
    const described = program.commands.map(
      (each) => `    ${shellString(`${each.name}:${firstSentence(each.description)}`)}`,
    );
    const cases = program.commands.map((each) => `        ${each.name}) _arguments -s ${zshArguments(each)} ;;`);
    return `${name}() {
  local curcontext="$curcontext" state line
  local -a commands=(
${described.join("\n")}
  )
  _arguments -C ${program.options.map((option) => zshOption(option)).join(" ")} '1: :->command' '*:: :->arguments'
  case $state in
    command) _describe -t commands command commands ;;
    arguments)
      case $words[1] in
${cases.join("\n")}
      esac ;;
  esac
}`;
  });
  const cases = programs.map(({ name }) => `  ${name}) _${name} ;;`);
  return `#compdef ${programs.map(({ name }) => name).join(" ")}
# Completion of kanod-configure for zsh(1).
${functions.join("\n\n")}

if [[ $funcstack[1] == _* ]]; then
  case $service in
${cases.map((line) => `  ${line}`).join("\n")}
  esac
else
${programs.map(({ name }) => `  compdef _${name} ${name}`).join("\n")}
fi
`;
}

function zshArguments({ options, operands }: CommandDescription): string {
  const words = operands.map(({ name, kind, several }) =>
    shellString(`${several ? "*" : ""}:${name}:${zshKind(kind)}`),
  );
  return [...options.map(zshOption), ...words].join(" ");
}

function zshOption(option: OptionDescription): string {
  const about = `[${escaped(firstSentence(option.description))}]`;
  const value = option.value === undefined ? "" : `:${escaped(option.value)}:${zshKind(option.kind)}`;
  const [first = "", second] = flagsOf(option);
  if (second === undefined) return shellString(`*${first}${about}${value}`);
  return `'*'{${first},${second}}${shellString(`${about}${value}`)}`;
}

/** An operand without a kind would keep options from being completed, so it gets an empty list. */
function zshKind(kind: WordKind): string {
  if (kind === "file") return "_files";
  if (kind === "folder") return "_files -/";
  return kind === "other" ? "()" : `(${kind.choices.join(" ")})`;
}

/** Signs with a meaning in a specification of _arguments. */
function escaped(text: string): string {
  return text.replace(/[[\]:\\]/g, "\\$&");
}

// fish's `complete`, https://fishshell.com/docs/current/cmds/complete.html

function fish(programs: readonly CommandDescription[]): string {
  const lines = programs.flatMap((program) => {
    const start = `complete -c ${program.name}`;
    const commands = program.commands.map(
      ({ name, description }) =>
        `${start} -n __fish_use_subcommand -f -a ${name} -d ${shellString(firstSentence(description))}`,
    );
    return [...commands, ...places([program]).flatMap((place) => fishPlace(start, place))];
  });
  return `# Completion of kanod-configure for fish(1).\n${lines.join("\n")}\n`;
}

function fishPlace(start: string, place: Place): string[] {
  const { program, command } = place;
  const { options } = command ?? program;
  const isAlone = program.commands.length === 0;
  const condition = isAlone
    ? ""
    : command === undefined
      ? " -n __fish_use_subcommand"
      : ` -n '__fish_seen_subcommand_from ${command.name}'`;
  const kind = operandKind(place);
  const words = typeof kind === "object" && command !== undefined ? ` -a ${shellString(kind.choices.join(" "))}` : "";
  const operands = kind === "file" ? `${start}${condition} -F` : `${start}${condition} -f${words}`;
  return [operands, ...options.map((option) => `${start}${condition}${fishOption(option)}`)];
}

function fishOption({ short, long, value, kind, description }: OptionDescription): string {
  const name = `${short === undefined || short === long ? "" : ` -s ${short.slice(1)}`} -l ${long.replace(/^-+/, "")}`;
  const about = ` -d ${shellString(firstSentence(description))}`;
  if (value === undefined) return `${name}${about}`;
  if (kind === "file" || kind === "folder") return `${name} -r -F${about}`;
  return `${name} -x${kind === "other" ? "" : ` -a ${shellString(kind.choices.join(" "))}`}${about}`;
}

function firstSentence(text: string): string {
  return (/^.*?(?=[.:;](?:\s|$)|$)/s.exec(text)?.[0] ?? text).replace(/\s+/g, " ");
}
