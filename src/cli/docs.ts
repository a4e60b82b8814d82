import { resolve } from "node:path";
import type { JsonSchema } from "../config/schema.ts";
import type { CommandContext, Program } from "./command-line.ts";
import { exitCodes } from "./io.ts";
import { formatOption } from "./options.ts";
import { outsideHost } from "./tree.ts";

interface DocsOptions {
  format: string;
  output?: string;
  schema?: string;
}

/** `docs`: the reference manual of a schema. */
export function defineDocs(program: Program, context: CommandContext): void {
  const command = program.command
    .command("docs")
    .description("Write the reference of the configuration: every key, with its meaning and examples.")
    .addOption(formatOption(["md", "html"]))
    .option("--schema <file>", "merged schema of the image (NAME-schema.yaml); default: the schema of this program")
    .option("-o, --output <file>", "file to write")
    .addHelpText("after", "\nExit codes: 0 done, 2 usage error, 3 input unreadable.");
  program.setAction<DocsOptions>(command, (options) => writeDocs(context, options));
}

async function writeDocs(context: CommandContext, { format, output, schema: file }: DocsOptions): Promise<number> {
  const { io, image } = context;
  const host = outsideHost(io);
  let schema = JSON.parse(await image.schema()) as JsonSchema;
  if (file !== undefined) {
    const { rulesOfFile } = await import(/* webpackMode: "eager" */ "./schema-file.ts");
    const rules = await rulesOfFile(context, host, file);
    if (rules === undefined) return exitCodes.unreadable;
    schema = rules.configuration.schema;
  }
  const { manualOf } = await import(/* webpackMode: "eager" */ "../report/manual/model.ts");
  const manual = manualOf(schema);
  const text = format === "html" ? await html(manual) : await markdown(manual);
  if (output === undefined) io.out(text);
  else await host.writeFile(resolve(io.workingDirectory, output), text);
  return exitCodes.done;
}

async function html(manual: Parameters<typeof markdown>[0]): Promise<string> {
  const { manualHtml } = await import(/* webpackMode: "eager" */ "../report/manual/html.ts");
  return manualHtml(manual);
}

async function markdown(manual: import("../report/manual/model.ts").Manual): Promise<string> {
  const { manualMarkdown } = await import(/* webpackMode: "eager" */ "../report/manual/markdown.ts");
  return manualMarkdown(manual);
}
