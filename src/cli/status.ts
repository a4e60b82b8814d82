import { damagedJournal, lookAtJournal } from "../agent/journal.ts";
import { formatStatus, judge, type OverallStatus, type StatusReport } from "../agent/status.ts";
import { AgentError } from "../config/agent-error.ts";
import type { Host } from "../host/host.ts";
import { isAlive } from "../host/process-info.ts";
import { stopwatch } from "../log/stopwatch.ts";
import { type CommandContext, type Program, usageError } from "./command-line.ts";
import { exitCodes } from "./io.ts";
import { formatOption, rootOption } from "./options.ts";
import { checkRoot, quietHost, rootFolder } from "./tree.ts";

/** How often a journal that is waited for is read, in seconds. */
const pollInterval = 0.5;
/** How long is waited, in seconds. */
const defaultTimeout = 1800;

const exitCodeOf: Readonly<Record<OverallStatus, number>> = {
  done: exitCodes.done,
  failed: exitCodes.failed,
  running: exitCodes.notFinished,
  "not-run": exitCodes.notFinished,
};

interface StatusOptions {
  wait?: true;
  timeout?: string;
  format: string;
  root?: string;
}

/** `status`: what the journal says of the last runs. */
export function defineStatus(program: Program, { io }: CommandContext): void {
  const command = program.command
    .command("status")
    .description("Show from the journal whether this machine is configured.")
    .option("--wait", "wait until the run stage has ended")
    .option("--timeout <seconds>", `with --wait: give up after this time (default: ${defaultTimeout})`)
    .addOption(formatOption(["text", "json"]))
    .addOption(rootOption())
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 failed or interrupted, 2 usage error, 3 the journal is damaged, 5 not run or still running.",
    );
  program.setAction<StatusOptions>(command, async (options) => {
    if (options.timeout !== undefined && options.wait !== true) {
      throw usageError("timeout-without-wait", "--timeout needs --wait", "add --wait");
    }
    const seconds = Number(options.timeout ?? defaultTimeout);
    if (!(seconds >= 0)) throw usageError("bad-timeout", "--timeout must be a number of seconds");
    await checkRoot(io, rootFolder(io, options.root).root);
    const { host } = quietHost(io, options.root);
    const elapsed = stopwatch();
    const waits = (): boolean => options.wait === true && elapsed() < seconds && !io.signal.aborted;
    let report = await lookAtStatus(host, waits);
    while (report === undefined || (unfinished(report) && waits())) {
      await host.sleep(pollInterval);
      report = await lookAtStatus(host, waits);
    }
    io.out(options.format === "json" ? `${JSON.stringify(report, undefined, 2)}\n` : formatStatus(report));
    return exitCodeOf[report.status];
  });
}

/** Undefined for a journal that is damaged, while there is time for a run to replace it. @throws AgentError */
async function lookAtStatus(host: Host, waits: () => boolean): Promise<StatusReport | undefined> {
  try {
    return judge(await lookAtJournal(host), (run) => isAlive(run.process));
  } catch (error) {
    if (error instanceof AgentError && error.code === damagedJournal && waits()) return undefined;
    throw error;
  }
}

function unfinished(report: StatusReport): boolean {
  return exitCodeOf[report.status] === exitCodes.notFinished;
}
