import { type Command, CommanderError } from "commander";
import type { Stage } from "../agent/contribution.ts";
import { AgentError } from "../config/agent-error.ts";
import { configurationPath, systemPath } from "../config/paths.ts";
import { type LogLevel, logLevels } from "../log/logger.ts";
import type { CallFault } from "../user-data/read/check.ts";
import type { Program as ProgramName } from "../user-data/read/program-words.ts";
import { Program, usageError } from "./command-line.ts";
import { choiceOption, rootOption } from "./options.ts";

export interface StageArguments {
  root?: string;
  dryRun?: true;
  logLevel: LogLevel;
  logFormat: string;
  system?: string;
  config?: string;
  resume?: true;
}

/** The options of `kanod-bootcmd` or `kanod-runcmd`. */
export function defineStage(command: Command, stage: Stage): Command {
  command
    .description(descriptions[stage])
    .addOption(rootOption())
    .option("--dry-run", "print what would be done, without changing anything")
    .addOption(choiceOption("--log-level <level>", "what is shown; the log file has all", logLevels, "info"))
    .addOption(choiceOption("--log-format <format>", "form of the log", ["text", "json"], "text"))
    .option("--system <file>", `settings of the image, default ${systemPath} (may be absent)`)
    .addHelpText("after", exitCodeHelp);
  if (stage === "boot") return command;
  return command
    .argument("[MIN_PRIORITY]", "leave out the contributions of a lower priority")
    .option("--config <file>", `configuration, default ${configurationPath}; - is standard input`)
    .option("--resume", "continue an interrupted run after its last finished contribution");
}

const descriptions: Readonly<Record<Stage, string>> = {
  boot: "Configures what a machine needs early on every boot: disks, kernel parameters, and what elements registered for the boot stage. Reads the boot part of the configuration as YAML from standard input; an empty input is an empty configuration.",
  run: "Configures a machine on its first boot: validates the configuration, then runs the registered contributions, lowest priority first, until one fails or stops the run.",
};

const exitCodeHelp = `
Exit codes:
  0  all contributions ran, or one of them stopped the run
  1  a contribution failed; the later ones did not run
  2  usage error
  3  the configuration is unreadable or invalid: nothing was changed
  4  another run holds the lock`;

/** @throws AgentError `bad-priority` (usage error) */
export function parsePriority(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const priority = Number(text);
  if (text.trim() === "" || !Number.isFinite(priority)) {
    throw usageError("bad-priority", `MIN_PRIORITY: "${text}" is not a number`);
  }
  return priority;
}

/** What is wrong with a call that stands in user-data, found by what the program itself reads its arguments with. */
export function callFault(program: ProgramName, words: readonly string[]): CallFault | undefined {
  // Most calls have none.
  const fault = words.length === 0 ? undefined : faultOf(program, words);
  if (fault === undefined) return undefined;
  // Where it is found as soon as this word is there, it is about this word.
  const known = words.findIndex((_, index) => faultOf(program, words.slice(0, index + 1))?.message === fault.message);
  return { ...fault, argument: known === -1 ? undefined : known };
}

const silent = { out: () => {}, err: () => {} };

function faultOf(name: ProgramName, words: readonly string[]): Omit<CallFault, "argument"> | undefined {
  const program = new Program(silent, name, "");
  const command = defineStage(program.command, name === "kanod-bootcmd" ? "boot" : "run");
  command.action(() => {
    parsePriority(command.args[0]);
  });
  try {
    command.parse(words, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return withoutEffect(name, "this");
    if (!(error instanceof CommanderError || error instanceof AgentError)) throw error;
    const [reason = "", suggestion] = error.message.replace(/^error: /, "").split("\n");
    const hint = suggestion?.replace(/^\((?:Did)(.*)\)$/, "did$1");
    return { kind: "refused", message: `\`${name}\` refuses this: ${reason}`, ...(hint === undefined ? {} : { hint }) };
  }
  return command.opts<StageArguments>().dryRun ? withoutEffect(name, "`--dry-run`") : undefined;
}

function withoutEffect(name: ProgramName, option: string): Omit<CallFault, "argument"> {
  return { kind: "without-effect", message: `with ${option}, \`${name}\` changes nothing on the machine` };
}
