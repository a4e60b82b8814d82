import type { Command } from "commander";
import type { CompiledImage } from "../agent/image.ts";
import { hardwareArgument } from "../host/facts/ask-for-hardware.ts";
import type { CommandContext, CommandDefinition, DocumentChecks } from "./command-line.ts";
import { reportError } from "./command-line.ts";
import { type CliIo, exitCodes, isStageProgram } from "./io.ts";

/** What only the package on a workstation has: the agent on a machine builds no images. */
export interface BuildSide {
  /** Commands of `kanod-configure`. */
  commands: readonly CommandDefinition[];
  /** See {@link CommandContext.documentChecks}. */
  documentChecks?: DocumentChecks;
  /** `kanod-image-builder`. */
  imageBuilder?: (io: CliIo, image: CompiledImage) => Promise<number>;
}

/** One program, four names: runs the command that the program was called by and returns its exit code. */
export async function main(io: CliIo, image: CompiledImage, buildSide?: BuildSide): Promise<number> {
  try {
    if (io.args[0] === hardwareArgument) {
      const { hardware } = await import(/* webpackMode: "eager" */ "../host/facts/hardware.ts");
      io.out(JSON.stringify(await hardware()));
      return exitCodes.done;
    }
    const imageBuilder = io.program === "kanod-image-builder" ? buildSide?.imageBuilder : undefined;
    if (imageBuilder !== undefined) return await imageBuilder(io, image);
    if (isStageProgram(io.program)) {
      const { stageCommand } = await import(/* webpackMode: "eager" */ "./stage.ts");
      return await stageCommand({ io, image }, io.program === "kanod-bootcmd" ? "boot" : "run");
    }
    const { configureCommand } = await import(/* webpackMode: "eager" */ "./configure.ts");
    const context: CommandContext = {
      io,
      image,
      documentChecks: buildSide?.documentChecks ?? {},
      describePrograms: () => describePrograms(io, image, buildSide),
    };
    return await configureCommand(context, buildSide?.commands ?? []);
  } catch (error) {
    return reportError(error, io);
  }
}

async function describePrograms(io: CliIo, image: CompiledImage, buildSide: BuildSide | undefined): Promise<Command[]> {
  const programs = ["kanod-configure", "kanod-bootcmd", "kanod-runcmd"];
  if (buildSide?.imageBuilder !== undefined) programs.push("kanod-image-builder");
  const described: Command[] = [];
  for (const program of programs) {
    await main({ ...io, program, args: [], describe: (command) => described.push(command) }, image, buildSide);
  }
  return described;
}
