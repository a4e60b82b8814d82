import { analyze, formatAnalysis } from "../agent/analysis.ts";
import { currentRun, journalPath, lookAtJournal } from "../agent/journal.ts";
import { AgentError } from "../config/agent-error.ts";
import { isAlive } from "../host/process-info.ts";
import type { CommandContext, Program } from "./command-line.ts";
import { exitCodes } from "./io.ts";
import { formatOption, rootOption } from "./options.ts";
import { checkRoot, quietHost, rootFolder } from "./tree.ts";

interface AnalyzeOptions {
  all?: true;
  format: string;
  root?: string;
}

/** `analyze`: where the time went. */
export function defineAnalyze(program: Program, { io }: CommandContext): void {
  const command = program.command
    .command("analyze")
    .description("Show from the journal how long each contribution took, the longest first.")
    .option("--all", "all boots in the journal, not only the last one")
    .addOption(formatOption(["text", "json"]))
    .addOption(rootOption())
    .addHelpText("after", "\nExit codes: 0 done, 2 usage error, 3 the journal is missing or damaged.");
  program.setAction<AnalyzeOptions>(command, async (options) => {
    await checkRoot(io, rootFolder(io, options.root).root);
    const { host } = quietHost(io, options.root);
    const state = await lookAtJournal(host);
    if (state === undefined || state.runs.length === 0) {
      const hint = "kanod-bootcmd and kanod-runcmd write it when they run";
      throw new AgentError("no-journal", `there is nothing to analyze: ${journalPath} is missing or empty`, {
        exitCode: exitCodes.unreadable,
        hint,
      });
    }
    const runs = state.runs.map((run) => currentRun(run, ({ process }) => isAlive(process)));
    const analysis = analyze({ ...state, runs }, host.now().getTime());
    const shown = { ...analysis, boots: analysis.boots.slice(0, options.all === true ? undefined : 1) };
    io.out(options.format === "json" ? `${JSON.stringify(shown, undefined, 2)}\n` : formatAnalysis(shown));
    return exitCodes.done;
  });
}
