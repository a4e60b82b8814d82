import type { CommandContext, Program } from "./command-line.ts";
import { formatOption } from "./options.ts";

/** `schema`: the merged schema of this agent. */
export function defineSchema(program: Program, { io, image }: CommandContext): void {
  const command = program.command
    .command("schema")
    .description("Print the schema of this agent's configuration (JSON Schema, draft-07).")
    .addOption(formatOption(["yaml", "json"]));
  program.setAction<{ format: string }>(command, async ({ format }) => {
    const schema: unknown = JSON.parse(await image.schema());
    if (format === "json") {
      io.out(`${JSON.stringify(schema, undefined, 2)}\n`);
    } else {
      const { stringify } = await import(/* webpackMode: "eager" */ "yaml");
      io.out(stringify(schema, { lineWidth: 0, aliasDuplicateObjects: false }));
    }
    return 0;
  });
}
