import { configurationPath, systemPath } from "../config/paths.ts";
import type { CommandContext, Program } from "./command-line.ts";
import { formatOption, rootOption } from "./options.ts";
import type { PlanOptions } from "./plan.ts";

const description =
  "Show what kanod-bootcmd and kanod-runcmd would do, without changing anything: files as diffs, commands in order, and what is known only on the machine. Secrets are masked.";

const help = `
The boot stage is planned from the boot document or, without one, from the boot part of the configuration.
Exit codes: 0 done, 1 the configuration is invalid or a contribution would fail, 2 usage error, 3 input unreadable.`;

/** `plan`: see plan.ts, which is loaded when it is called. */
export function definePlan(program: Program, context: CommandContext): void {
  const command = program.command
    .command("plan")
    .description(description)
    .option("--config <file>", `configuration, default ${configurationPath}; - is standard input`)
    .option("--boot <file>", "boot document, as for kanod-bootcmd")
    .option("--system <file>", `settings of the image, default ${systemPath} (may be absent)`)
    .addOption(rootOption())
    .addOption(formatOption(["text", "json"]))
    .addHelpText("after", help);
  program.setAction<PlanOptions>(command, async (options) => {
    const { plan } = await import(/* webpackMode: "eager" */ "./plan.ts");
    return plan(context, options);
  });
}
