import { Command, CommanderError } from "commander";
import type { CompiledImage } from "../agent/image.ts";
import { AgentError } from "../config/agent-error.ts";
import type { DocumentKind } from "../config/checked-file.ts";
import type { Code } from "../config/codes/catalogue.ts";
import { printable } from "../config/shown.ts";
import type { DocumentChecker } from "../user-data/read/check.ts";
import { type CliIo, exitCodes } from "./io.ts";

/** What a command works with. */
export interface CommandContext {
  io: CliIo;
  image: CompiledImage;
  /** Checks of documents that only the build side reads. */
  documentChecks?: DocumentChecks;
  /** The programs that this one is, by their names, with their commands and options. */
  describePrograms?: () => Promise<Command[]>;
}

/** By kind of document, what makes its check: it is asked for when the first such document is met. */
export type DocumentChecks = Partial<Record<DocumentKind, () => Promise<DocumentChecker>>>;

/** Adds a command to `kanod-configure`. Its action resolves to the exit code. */
export type CommandDefinition = (program: Program, context: CommandContext) => void;

/** The code of a command: resolves to the exit code. */
type Action<Options> = (options: Options, operands: string[]) => Promise<number>;

/** A commander program that writes through the io, never ends the process, and knows the exit code of its action. */
export class Program {
  readonly command: Command;
  exitCode: number = exitCodes.done;

  constructor(io: Pick<CliIo, "out" | "err">, name: string, version: string) {
    this.command = new Command(name)
      .version(version, "--version", "print the version")
      .helpOption("-h, --help", "print this help")
      .helpCommand(false)
      .showHelpAfterError(`(${name} --help tells more)`)
      .configureOutput({ writeOut: io.out, writeErr: io.err, getOutHelpWidth: () => 100, getErrHelpWidth: () => 100 })
      .exitOverride();
  }

  /** Sets the action of the program or of a subcommand. */
  setAction<Options extends object>(command: Command, action: Action<Options>): void {
    const name = command === this.command ? command.name() : `${this.command.name()} ${command.name()}`;
    command.showHelpAfterError(`(${name} --help tells more)`);
    command.action(async (...given: unknown[]) => {
      const [options, self] = given.slice(-2) as [Options, Command];
      this.exitCode = await action(options, self.args);
    });
  }
}

/** Parses the arguments and runs the action. Never throws: every error becomes a message and an exit code. */
export async function execute(program: Program, io: CliIo): Promise<number> {
  if (io.describe !== undefined) {
    io.describe(program.command);
    return exitCodes.done;
  }
  try {
    await program.command.parseAsync(unknownCommand(program.command, io.args) ?? io.args, { from: "user" });
    return program.exitCode;
  } catch (error) {
    return reportError(error, io);
  }
}

/** The arguments of an unknown command without the options: with --help commander would print the program's help instead. */
function unknownCommand({ commands }: Command, args: readonly string[]): string[] | undefined {
  const name = args.find((each) => !each.startsWith("-"));
  return commands.length === 0 || name === undefined || commands.some((each) => each.name() === name)
    ? undefined
    : [name];
}

/** Reports an error on standard error, and returns the exit code for it. */
export function reportError(error: unknown, io: CliIo): number {
  // commander has written its message already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (error instanceof AgentError) {
    io.err(`${io.program}: ${printable(error.message)} [${error.code}]\n`);
    if (error.hint !== undefined) io.err(`  hint: ${printable(error.hint)}\n`);
    if (error.exitCode !== exitCodes.usage) io.err(`  next: kanod-configure explain ${error.code}\n`);
    return error.exitCode;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.err(`${io.program}: this is a defect of kanod-configure, please report it with the lines below\n${detail}\n`);
  return exitCodes.failed;
}

/** A mistake in the command line. */
export function usageError(code: Code, message: string, hint?: string): AgentError {
  return new AgentError(code, message, { exitCode: exitCodes.usage, hint });
}
