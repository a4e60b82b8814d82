import { Argument } from "commander";
import type { CommandContext, Program } from "./command-line.ts";
import type { Shell } from "./help/completion.ts";
import { exitCodes } from "./io.ts";

const help = `
  bash: kanod-configure completion bash > /etc/bash_completion.d/kanod-configure
  zsh:  kanod-configure completion zsh > /usr/share/zsh/vendor-completions/_kanod-configure
  fish: kanod-configure completion fish > /etc/fish/completions/kanod-configure.fish`;

/** `completion`: shell completion for all programs. */
export function defineCompletion(program: Program, { io, describePrograms }: CommandContext): void {
  const command = program.command
    .command("completion")
    .description("Print a shell completion script for all programs.")
    .addArgument(new Argument("<SHELL>", "the shell").choices(["bash", "zsh", "fish"]))
    .addHelpText("after", help);
  program.setAction(command, async (_, [shell]) => {
    const { completionScript } = await import(/* webpackMode: "eager" */ "./help/completion.ts");
    const { describeProgram } = await import(/* webpackMode: "eager" */ "./help/program-description.ts");
    const programs = (await describePrograms?.()) ?? [];
    io.out(completionScript(shell as Shell, programs.map(describeProgram)));
    return exitCodes.done;
  });
}
