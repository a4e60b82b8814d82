import { join, resolve } from "node:path";
import { configurationPath, systemPath } from "../config/paths.ts";
import type { CommandContext, Program } from "./command-line.ts";
import { exitCodes } from "./io.ts";
import { outsideHost } from "./tree.ts";

const files = [
  [configurationPath, "The configuration of the machine."],
  [systemPath, "Settings of the image."],
  ["/etc/kanod-configure/schema.yaml", "What a configuration may hold."],
  ["/var/lib/kanod-configure/state.json", "The journal: what ran, when, and how it ended."],
  ["/var/log/kanod-configure.log", "The log."],
] as const;

/** `man-pages`: for whoever packages the programs, or installs them in an image. */
export function defineManPages(program: Program, { io, image, describePrograms }: CommandContext): void {
  const command = program.command
    .command("man-pages", { hidden: true })
    .description("Write the manual pages of all programs to a folder such as /usr/share/man.")
    .argument("<DIR>", "the folder");
  program.setAction(command, async (_, [folder = ""]) => {
    const { manPage, manSection } = await import(/* webpackMode: "eager" */ "./help/man-page.ts");
    const { describeProgram } = await import(/* webpackMode: "eager" */ "./help/program-description.ts");
    const programs = ((await describePrograms?.()) ?? []).map(describeProgram);
    const { agent: version } = await image.manifest();
    const host = outsideHost(io);
    for (const each of programs) {
      const others = programs.filter((other) => other !== each).map(({ name }) => `${name}(${manSection(name)})`);
      const page = manPage(each, { version, files, seeAlso: [...others, "cloud-init(1)"] });
      const section = manSection(each.name);
      const path = join(resolve(io.workingDirectory, folder), `man${section}`, `${each.name}.${section}`);
      await host.writeFile(path, page);
    }
    return exitCodes.done;
  });
}
