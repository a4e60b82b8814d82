import { Option } from "commander";

/** An option that takes one of `choices`. */
export function choiceOption(
  flags: string,
  description: string,
  choices: readonly string[],
  byDefault?: string,
): Option {
  const option = new Option(flags, description).choices(choices);
  return byDefault === undefined ? option : option.default(byDefault);
}

/** `--format`, the first choice is the default. */
export function formatOption(choices: readonly [string, ...string[]]): Option {
  return choiceOption("--format <format>", "form of the output", choices, choices[0]);
}

/** `--root DIR`, which all commands that look at a machine have. */
export function rootOption(): Option {
  return new Option("--root <dir>", "work on the target tree DIR instead of this machine; nothing outside is touched");
}
