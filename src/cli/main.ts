import type { CompiledImage } from "../agent/image.ts";
import type { CommandDefinition, DocumentChecks } from "./command-line.ts";
import { reportError } from "./command-line.ts";
import type { CliIo } from "./io.ts";

/** What only the package on a workstation has: the agent on a machine builds no images. */
export interface BuildSide {
  /** Commands of `kanod-configure`. */
  commands: readonly CommandDefinition[];
  /** See {@link CommandContext.documentChecks}. */
  documentChecks?: DocumentChecks;
  /** `kanod-image-builder`. */
  imageBuilder?: (io: CliIo) => Promise<number>;
}

/** One program, four names: runs the command that the program was called by and returns its exit code. */
export async function main(io: CliIo, image: CompiledImage, buildSide?: BuildSide): Promise<number> {
  try {
    const imageBuilder = io.program === "kanod-image-builder" ? buildSide?.imageBuilder : undefined;
    if (imageBuilder !== undefined) return await imageBuilder(io);
    if (io.program === "kanod-bootcmd" || io.program === "kanod-runcmd") {
      const { stageCommand } = await import(/* webpackMode: "eager" */ "./stage.ts");
      return await stageCommand({ io, image }, io.program === "kanod-bootcmd" ? "boot" : "run");
    }
    const { configureCommand } = await import(/* webpackMode: "eager" */ "./configure.ts");
    return await configureCommand(
      { io, image, documentChecks: buildSide?.documentChecks ?? {} },
      buildSide?.commands ?? [],
    );
  } catch (error) {
    return reportError(error, io);
  }
}
