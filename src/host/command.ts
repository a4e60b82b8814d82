import { printable } from "../config/shown.ts";
import type { Logger } from "../log/logger.ts";
import { stopwatch } from "../log/stopwatch.ts";
import type { Environment } from "./environment.ts";
import { CommandError, HostError } from "./errors.ts";
import type { CommandOptions, CommandResult, OnTree } from "./host.ts";
import { type Ending, runProcess } from "./process.ts";
import { printableCommand } from "./shown-command.ts";
import { rounded } from "./waiting.ts";

/** In seconds. */
export const defaultTimeout = 120;

/** How much of what a failed command wrote goes into its error, in characters. */
const stderrTail = 4000;

export const skippedResult: CommandResult = { exitCode: 0, stdout: "", stderr: "", skipped: true };

export interface CommandContext {
  /** Path of the target tree on the machine; undefined for the machine itself. */
  root: string | undefined;
  environment: Environment;
  log: Logger;
  signal: AbortSignal | undefined;
  /** See {@link ProcessOptions.onStart}. */
  onStart?: ((pid: number) => () => void) | undefined;
}

/** What is to be run for a command on a target tree; undefined where it is left out. */
export function commandOnTree(
  root: string,
  argv: readonly string[],
  onTree: OnTree = "skip",
): readonly string[] | undefined {
  if (onTree === "skip") return undefined;
  return onTree === "chroot" ? ["chroot", root, ...argv] : onTree(root);
}

/** Runs a command of a {@link Host}. @throws CommandError, HostError with code `bad-command` */
export async function runCommand(
  context: CommandContext,
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  requireCommand(argv);
  const { root, log } = context;
  const actual = root === undefined ? argv : commandOnTree(root, argv, options.onTree);
  const what = options.why === undefined ? printableCommand(argv) : `${printableCommand(argv)}: ${options.why}`;
  if (actual === undefined) {
    log.info(`left out on a target tree: ${what}`, { event: "skipped", argv });
    return skippedResult;
  }
  requireCommand(actual);
  log.debug(`runs ${what}`, { event: "started", argv: actual });
  const elapsed = stopwatch();
  const ending = await runProcess(actual, {
    environment: context.environment.forCommand(options.env),
    input: options.input ?? "",
    timeout: options.timeout ?? defaultTimeout,
    signal: context.signal,
    onStart: context.onStart,
  });
  const fields = { argv: actual, duration: elapsed() };
  const error = failure(actual, options, ending);
  const exitCode = ending.exitCode === undefined ? {} : { exitCode: ending.exitCode };
  if (error !== undefined) {
    log.info(`failed: ${what}`, { event: "failed", ...exitCode, ...fields });
    throw error;
  }
  log.info(`ran ${what}`, { event: "finished", ...exitCode, ...fields });
  return { exitCode: ending.exitCode ?? 0, stdout: ending.stdout, stderr: ending.stderr, skipped: false };
}

/** @throws HostError with code `bad-command` for what execve(2) cannot run */
export function requireCommand(argv: readonly string[]): void {
  const [program] = argv;
  if (program === undefined || program === "" || argv.some((word) => word.includes("\0"))) {
    const line = printableCommand(argv);
    throw new HostError("bad-command", line, `a command is a program and words without NUL characters, not: ${line}`);
  }
}

/** The error of a command that was not installed. */
export function notInstalled(argv: readonly string[], cause?: unknown): CommandError {
  const program = printableCommand(argv.slice(0, 1));
  const isPath = argv[0]?.includes("/");
  const message = isPath
    ? `${program}, or the interpreter that it asks for, does not exist`
    : `${program} is not installed (looked for in PATH)`;
  return new CommandError("command-not-found", message, { argv, cause });
}

/** The error for an exit code that is none of the accepted ones. */
export function badExitCode(argv: readonly string[], exitCode: number, stderr: string): CommandError {
  const message = `command failed with exit code ${exitCode}: ${printableCommand(argv)}`;
  return new CommandError("command-failed", message, { argv, exitCode, stderr });
}

/** What goes into an error of what a command wrote: the end, without control characters; nothing where it is secret. */
export function shownStderr(stderr: string, options: CommandOptions): string {
  if (options.secret) return "";
  const tail = stderr.slice(-stderrTail);
  // Whole lines: a part of a secret would not be known any more where the log masks it.
  const whole = tail.length < stderr.length ? tail.slice(tail.indexOf("\n") + 1) : tail;
  return whole.replaceAll("\t", "  ").split("\n").map(printable).join("\n");
}

function failure(argv: readonly string[], options: CommandOptions, ending: Ending): CommandError | undefined {
  const line = printableCommand(argv);
  const stderr = shownStderr(ending.stderr, options);
  const details = { argv, exitCode: ending.exitCode, stderr };
  if (ending.notStarted !== undefined) {
    if (ending.notStarted.code === "ENOENT") return notInstalled(argv);
    return new CommandError("command-failed", `cannot start ${line}: ${ending.notStarted.reason}`, details);
  }
  if (ending.endedBy === "timeout") {
    const seconds = options.timeout ?? defaultTimeout;
    return new CommandError(
      "command-timeout",
      `command took longer than ${rounded(seconds)} s and was ended: ${line}`,
      details,
    );
  }
  if (ending.endedBy === "interrupt") {
    return new CommandError("command-killed", `command was ended because the run was interrupted: ${line}`, details);
  }
  if (ending.exitCode === undefined) {
    return new CommandError("command-killed", `command was ended by ${ending.signal ?? "a signal"}: ${line}`, details);
  }
  if ((options.okExitCodes ?? [0]).includes(ending.exitCode)) return undefined;
  if (isMissingInTree(argv, options, ending)) return notInstalled(argv.slice(2));
  return badExitCode(argv, ending.exitCode, stderr);
}

/** chroot(1) ends with 127 when the program is not found; what it says about it begins with its own name. */
function isMissingInTree(argv: readonly string[], { onTree }: CommandOptions, ending: Ending): boolean {
  return onTree === "chroot" && argv[0] === "chroot" && ending.exitCode === 127 && ending.stderr.startsWith("chroot: ");
}
