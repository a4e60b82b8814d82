import { describeError } from "../agent/describe-error.ts";
import { registered } from "../agent/registry.ts";
import { loadContributions } from "../agent/stage.ts";
import { AgentError } from "../config/agent-error.ts";
import type { CommandContext, Program } from "./command-line.ts";
import { formatOption } from "./options.ts";

/** `contributions`: what is registered, in the order in which it runs. */
export function defineContributions(program: Program, { io, image }: CommandContext): void {
  const command = program.command
    .command("contributions")
    .description("List the contributions of this agent in the order in which they run: boot stage, then run stage.")
    .addOption(formatOption(["text", "json"]));
  program.setAction<{ format: string }>(command, async ({ format }) => {
    const registry = await loadContributions(image).catch((error: unknown) => {
      // The build reads it, to name the file at fault.
      if (format === "json" && error instanceof AgentError && error.code === "import-failed")
        io.out(`${JSON.stringify({ error: describeError(error.cause) })}\n`);
      throw error;
    });
    const rows = [...registered("boot", registry), ...registered("run", registry)].map(
      ({ stage, priority, name, element, file, options }) => {
        return { stage, priority, name, element, file, frequency: options.frequency ?? "always" };
      },
    );
    if (format === "json") io.out(`${JSON.stringify(rows, undefined, 2)}\n`);
    else
      io.out(
        table(
          ["STAGE", "PRIORITY", "NAME", "ELEMENT"],
          rows.map(({ stage, priority, name, element }) => [stage, String(priority), name, element]),
        ),
      );
    return 0;
  });
}

/** Rows of text in aligned columns. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return all.map((row) => `${line(row).trimEnd()}\n`).join("");
}
