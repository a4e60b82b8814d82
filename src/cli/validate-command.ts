import type { CommandContext, Program } from "./command-line.ts";
import { formatOption } from "./options.ts";
import type { ValidateOptions } from "./validate.ts";

const description =
  "Check configurations without a machine: configurations, boot documents, system.yaml, modules, image build documents, and configurations within cloud-config user-data and Kubernetes manifests. FILE may be a folder, which is walked; - is standard input.";

const help = `
Without --schema the schema is the one of this program: on a machine that of its image, on a workstation that of all we
ship. Exit codes: 0 valid, 1 problems found, 2 usage error, 3 input unreadable.`;

/** `validate`: see validate.ts, which is loaded when it is called. */
export function defineValidate(program: Program, context: CommandContext): void {
  const command = program.command
    .command("validate")
    .description(description)
    .argument("<FILE...>", "files and folders; - is standard input")
    .option("--schema <file>", "merged schema of the image (NAME-schema.yaml)")
    .option("--boot", "the files are boot documents, as for kanod-bootcmd")
    .addOption(formatOption(["text", "json", "sarif", "github"]))
    .option("--exclude <glob>", "skip matching files in folders; may be repeated", collect, [])
    .option("--strict", "treat warnings as errors")
    .addHelpText("after", help);
  program.setAction<ValidateOptions>(command, async (options, operands) => {
    const { validate } = await import(/* webpackMode: "eager" */ "./validate.ts");
    return validate(context, options, operands);
  });
}

function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}
