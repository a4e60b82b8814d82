import { defineAnalyze } from "./analyze.ts";
import { type CommandContext, type CommandDefinition, execute, Program } from "./command-line.ts";
import { defineCompletion } from "./completion.ts";
import { defineContributions } from "./contributions.ts";
import { defineDocs } from "./docs.ts";
import { defineExplain } from "./explain.ts";
import { defineFacts } from "./facts.ts";
import { defineManPages } from "./man-pages.ts";
import { definePlan } from "./plan-command.ts";
import { defineSchema } from "./schema.ts";
import { defineStatus } from "./status.ts";
import { defineUserData } from "./user-data-command.ts";
import { defineValidate } from "./validate-command.ts";

/** `kanod-configure COMMAND …`. */
export async function configureCommand(
  context: CommandContext,
  buildSide: readonly CommandDefinition[],
): Promise<number> {
  const { agent } = await context.image.manifest();
  const program = new Program(context.io, "kanod-configure", agent);
  program.command
    .description("Checks the configuration of a machine, and builds the agent that applies it on first boot.")
    .usage("COMMAND [options]")
    .addHelpText("after", exitCodeHelp);
  for (const define of [
    defineValidate,
    definePlan,
    defineStatus,
    defineAnalyze,
    defineFacts,
    defineUserData,
    defineContributions,
    defineSchema,
    defineDocs,
    defineExplain,
    defineCompletion,
    defineManPages,
    ...buildSide,
  ])
    define(program, context);
  return execute(program, context.io);
}

const exitCodeHelp = `
Exit codes: 0 done, 1 problems found, 2 usage error, 3 input unreadable.
kanod-bootcmd and kanod-runcmd, the same program by other names, are what cloud-init calls: see their --help.`;
