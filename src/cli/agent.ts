import type { CompiledImage } from "../agent/image.ts";
import { AgentError } from "../config/agent-error.ts";
import { programsEnded } from "../host/process.ts";
import { processIo } from "./io.ts";
import { type BuildSide, main } from "./main.ts";

export interface ProgramOptions {
  /**
   * The program's name, or the path it was called by. Default: the script as typed, its links not followed. In a single
   * executable argv[1] is the path of the executable, and argv0 is the name as typed.
   */
  program?: string;
  buildSide?: BuildSide;
}

/**
 * Reads the process's arguments, runs the command and ends the process with its exit code. A compiled agent calls it with
 * what was compiled into it.
 */
export async function runAgent(image: CompiledImage, options: ProgramOptions): Promise<never> {
  const program = options.program ?? process.argv[1] ?? "kanod-configure";
  silenceYaml();
  const restoreExit = forbidExit();
  const exitCode = await main(processIo(program, process.argv.slice(2), endOfProcess()), image, options.buildSide);
  restoreExit();
  await programsEnded();
  // Whatever else a contribution left open must not keep the process from ending, and to tidy V8's memory takes its time.
  process.exit(exitCode);
}

/** The yaml package prints all that it reads, secrets too, where these variables of its developers are set. */
function silenceYaml(): void {
  delete process.env["LOG_STREAM"];
  delete process.env["LOG_TOKENS"];
}

/** `reallyExit` is what Node itself calls in the end, and `execve` puts another program in the place of this one. */
const exits = ["exit", "reallyExit", "abort", "execve"] as const;

/** A contribution must not end the process behind the agent's back: these throw into their caller. */
function forbidExit(): () => void {
  const functions = process as unknown as Record<string, unknown>;
  const originals = exits.filter((name) => name in functions).map((name) => [name, functions[name]] as const);
  for (const [name] of originals) {
    functions[name] = (): never => {
      throw new AgentError("process-exit", `process.${name} was called`, {
        hint: "a contribution returns, throws an error or calls stopCloudInit",
      });
    };
  }
  return () => {
    for (const [name, original] of originals) functions[name] = original;
  };
}

/** The signal of {@link abortSignal}, once somebody asks: a command that never does ends like any other process. */
function endOfProcess(): () => AbortSignal {
  let signal: AbortSignal | undefined;
  return () => {
    signal ??= abortSignal();
    return signal;
  };
}

/**
 * SIGINT, SIGTERM, SIGHUP and errors that nobody waits for abort the signal, so that the run ends in order and its journal
 * says why. A second SIGINT or SIGTERM ends the process at once, as a user at a terminal expects; a second SIGHUP does
 * not: shell and kernel may both send one when a session ends.
 */
function abortSignal(): AbortSignal {
  const controller = new AbortController();
  const abort = (reason: unknown): void => controller.abort(reason);
  const onSignal = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else {
      abort(signal);
    }
  };
  // Not `once`: a listener that is gone when execa's looks would make it end the process, as if nobody listened.
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.on("SIGHUP", abort);
  process.on("uncaughtException", abort);
  process.on("unhandledRejection", (reason) => abort(reason instanceof Error ? reason : new Error(String(reason))));
  return controller.signal;
}
