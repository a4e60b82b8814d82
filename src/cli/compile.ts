import { resolve } from "node:path";
import type { BuildProgress } from "../compile/compile.ts";
import { type ElementInput, elementOfFolder, elementsOfImage } from "../compile/elements.ts";
import { type CommandContext, type Program, usageError } from "./command-line.ts";
import { type CliIo, exitCodes } from "./io.ts";
import { choiceOption } from "./options.ts";
import { showProblems } from "./problems.ts";

interface CompileArguments {
  element?: string[];
  output: string;
  runtime: "embedded" | "system";
  arch: "x64" | "arm64" | undefined;
  bundle: boolean;
}

/** Set by diskimage-builder for the hooks of a build. */
const elementsVariable = "IMAGE_ELEMENT_YAML";

/** `compile`: elements become an agent. */
export function defineCompile(program: Program, { io }: CommandContext): void {
  const command = program.command
    .command("compile")
    .description("Compile the contributions and schemas of elements into the agent of an image.")
    .option("--element <dir>", "folder of an element, in the order of the image; may be repeated", collect)
    .option(
      "-o, --output <dir>",
      "folder for the agent, its links, schema.yaml, manifest.json, licences and types",
      "agent",
    )
    .addOption(choiceOption("--runtime <kind>", runtimeHelp, ["embedded", "system"], "embedded"))
    .addOption(choiceOption("--arch <arch>", "architecture of the image (default: this machine's)", ["x64", "arm64"]))
    .option("--no-bundle", "do not bundle the modules (for debugging): such an agent runs only on this machine")
    .addHelpText("after", helpAfter);
  program.setAction<CompileArguments>(command, (options) => compile(io, options));
}

const runtimeHelp = "embedded: one executable with Node in it; system: for the image's own Node (20.12 or newer)";

const helpAfter = `
Without --element the elements are those of ${elementsVariable}, which diskimage-builder sets for its hooks.

Exit codes: 0 done, 1 the build failed, 2 usage error, 3 input unreadable.`;

async function compile(io: CliIo, options: CompileArguments): Promise<number> {
  const elements = elementsToCompile(io, options);
  const { compileAgent } = await import("../compile/compile.ts");
  const { BuildError } = await import("../compile/build-error.ts");
  const progress = new Progress(io);
  try {
    const { agent, warnings, notes } = await compileAgent({
      elements,
      output: resolve(io.workingDirectory, options.output),
      runtime: options.runtime,
      ...(options.arch === undefined ? {} : { arch: options.arch }),
      bundle: options.bundle,
      progress: (event) => progress.show(event),
      signal: io.signal,
    });
    progress.end();
    await showProblems(io, warnings);
    for (const note of notes) io.err(`note: ${note}\n`);
    io.out(`${agent}\n`);
    return exitCodes.done;
  } catch (error) {
    progress.end();
    if (!(error instanceof BuildError)) throw error;
    await showProblems(io, error.problems);
    return error.exitCode;
  }
}

function elementsToCompile(io: CliIo, options: CompileArguments): ElementInput[] {
  if (options.element !== undefined) {
    return options.element.map((path) => elementOfFolder(resolve(io.workingDirectory, path)));
  }
  const text = io.environment[elementsVariable];
  if (text !== undefined) return elementsOfImage(text);
  throw usageError("no-elements", `no element given: use --element, or set ${elementsVariable}`);
}

function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

/** In milliseconds: a step that is over sooner is not worth a line. */
const patience = 1000;

/** On a terminal, a line for each step that takes its time. */
class Progress {
  readonly #io: CliIo;
  #timer: NodeJS.Timeout | undefined;

  constructor(io: CliIo) {
    this.#io = io;
  }

  show({ step, state }: BuildProgress): void {
    this.end();
    if (!this.#io.interactive || state === "finished") return;
    this.#timer = setTimeout(() => this.#io.err(`${step} …\n`), patience);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
