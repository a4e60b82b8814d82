import { join } from "node:path";
import type { Problem } from "../config/problem.ts";
import { agentBundle, isBuilt } from "./agent-files.ts";
import { BuildError, buildProblem } from "./build-error.ts";
import { bundleImage } from "./bundle-image.ts";
import { storeParts } from "./code-cache/stored-parts.ts";
import { type CollectedElement, collectContributions } from "./collect.ts";
import type { ImageContent } from "./compiled-image.ts";
import type { ElementInput } from "./elements.ts";
import { buildExecutable } from "./executable.ts";
import { agentProgram, bundledParts, launcher, type ProgramTexts, separateParts, trialProgram } from "./launcher.ts";
import { describeImage, type Manifest, systemRuntime } from "./manifest.ts";
import { agentNotices, joinNotices, noticesName, noticesOf } from "./notices.ts";
import { publish, typesFolder } from "./publish.ts";
import { emulatorOf, prepareRuntime, type Runtime } from "./runtime.ts";
import { loadSchemas, schemaText } from "./schemas.ts";
import type { Stage } from "./stage.ts";
import { stageImage } from "./stage-image.ts";
import { missingTemplates } from "./template-uses.ts";
import { startOnce, tryOut } from "./trial.ts";
import { generateTypes } from "./types.ts";
import {
  type Arch,
  copyTree,
  fileFault,
  machine,
  makeLink,
  packageFolder,
  readText,
  temporaryParent,
  throwIfInterrupted,
  withFolder,
  writeText,
} from "./workspace.ts";

export interface CompileOptions {
  /** In image order. */
  elements: readonly ElementInput[];
  /** Folder for the agent, `schema.yaml`, `manifest.json` and `THIRD-PARTY-NOTICES`. */
  output: string;
  /** Whether Node is in the agent, which is the default, or the image has one (20.12 or newer). */
  runtime?: "embedded" | "system";
  /** Of the image. Default: of this machine. */
  arch?: Arch;
  /** False leaves the modules as they are, for debugging: such an agent runs on this machine's Node. Default true. */
  bundle?: boolean;
  progress?: (event: BuildProgress) => void;
  signal?: AbortSignal;
}

/** A step of a build begins, or is over. */
export interface BuildProgress {
  /** What is done, such as `check the contributions`. */
  step: string;
  state: "started" | "finished";
  /** Of a finished step, in seconds. */
  duration?: number;
}

export interface CompileResult {
  /** Path of the agent. */
  agent: string;
  manifest: Manifest;
  /** What was found in the elements that is no error. */
  warnings: readonly Problem[];
  /** What the user should know of how it was built, such as that nothing was there to strip the executable. */
  notes: readonly string[];
}

/** Where the agent's own module lies when it is not bundled. */
const separateAgent = "node_modules/kanod-configure/dist/cli/agent.js";

/**
 * Compiles elements to an agent. The output folder is changed only at the end of a build that succeeds.
 *
 * @throws BuildError with all problems that were found in the elements
 * @throws AgentError `interrupted`, once nothing is left of the build
 */
export async function compileAgent(options: CompileOptions): Promise<CompileResult> {
  if (!(await isBuilt())) {
    const message = `${packageFolder} is a checkout that was not built`;
    throw new BuildError([buildProblem("not-built", message, { hint: "npm run build" })]);
  }
  try {
    return await withFolder(temporaryParent(), "kanod-configure-", (work) => new Compilation(options, work).run());
  } catch (error) {
    const fault = fileFault(error);
    throw fault === undefined ? error : new BuildError([buildProblem("file-error", fault)]);
  }
}

/** What the program is made of. */
interface ProgramContent {
  texts: ProgramTexts | undefined;
  stage: Stage;
  runtime: Runtime | undefined;
  elements: readonly CollectedElement[];
}

function inOneText(texts: ProgramTexts): string {
  return bundledParts((part) => texts[part]);
}

/** For modules that are left as they are, in a folder as `import` takes it. */
function separate(folder: string): string {
  return separateParts(`${folder}/${separateAgent}`, `${folder}/image.js`);
}

/** What an agent has to say of the packages that are in it. */
async function noticesFor(folders: readonly string[]): Promise<string> {
  return joinNotices([(await readText(agentNotices)) ?? "", await noticesOf(folders)]);
}

class Compilation {
  readonly #options: CompileOptions;
  readonly #work: string;
  readonly #signal: AbortSignal | undefined;
  readonly #warnings: Problem[] = [];
  readonly #notes: string[] = [];

  constructor(options: CompileOptions, work: string) {
    this.#options = options;
    this.#work = work;
    this.#signal = options.signal;
  }

  async run(): Promise<CompileResult> {
    // Whatever package.json lies in a folder above: the programs in here are CommonJS.
    await writeText(join(this.#work, "package.json"), "{}");
    const elements = await this.#step("collect the contributions", () => collectContributions(this.#options.elements));
    const missing = await missingTemplates(elements);
    if (missing.length > 0) throw new BuildError(missing);
    const schemas = await this.#step("merge the schemas", () => loadSchemas(elements));
    this.#warnings.push(...schemas.warnings);
    const schema = schemaText(schemas.schema);
    const runtime = await this.#step("get Node for the agent", () => this.#runtime());
    const manifest = await describeImage(elements, schema, runtime ?? systemRuntime);
    const content: ImageContent = { elements, ...schemas, manifest };
    const types = await generateTypes(schemas.schema, schemas.systemSchema);
    const stage = await this.#step("check the contributions", () => {
      return stageImage(content, types, this.#work, this.#signal);
    });
    const { texts, packages } = await this.#step("bundle the contributions", () => this.#bundled(stage, elements));
    const expected = await this.#step("try the contributions", () => this.#tryContributions(texts, stage, elements));
    const files = {
      "schema.yaml": schema,
      "manifest.json": `${JSON.stringify(manifest, undefined, 2)}\n`,
      [noticesName]: await noticesFor([...packages, ...(runtime === undefined ? [] : [runtime.package])]),
      ...Object.fromEntries([...types].map(([name, text]) => [join(typesFolder, name), text])),
    };
    await publish(this.#options.output, files, async (folder) => {
      await this.#step("make the program", () => this.#writeProgram(folder, { texts, stage, runtime, elements }));
      await this.#step("start it", () => this.#start(folder, expected, runtime));
    });
    const agent = join(this.#options.output, "kanod-configure");
    return { agent, manifest, warnings: this.#warnings, notes: this.#notes };
  }

  get #isBundled(): boolean {
    return this.#options.bundle !== false;
  }

  async #step<T>(step: string, work: () => Promise<T>): Promise<T> {
    throwIfInterrupted(this.#signal);
    const begin = performance.now();
    this.#options.progress?.({ step, state: "started" });
    const result = await work();
    this.#options.progress?.({ step, state: "finished", duration: (performance.now() - begin) / 1000 });
    return result;
  }

  async #runtime(): Promise<Runtime | undefined> {
    if (this.#options.runtime === "system" || !this.#isBundled) return undefined;
    const arch = this.#options.arch ?? (machine.arch as Arch);
    const runtime = await prepareRuntime(arch, join(this.#work, "runtime"), this.#signal);
    if (!runtime.stripped) {
      this.#notes.push(
        `no tool was found that strips executables for ${arch} (binutils): the agent is larger by a third`,
      );
    }
    if (!runtime.native) this.#notes.push(`no code was compiled in advance, because this machine is not ${arch}`);
    return runtime;
  }

  /** The parts of the program; undefined where its modules are left as they are. */
  async #bundled(
    stage: Stage,
    elements: readonly CollectedElement[],
  ): Promise<{ texts: ProgramTexts | undefined; packages: readonly string[] }> {
    if (!this.#isBundled) {
      await makeLink(packageFolder, join(stage.folder, "node_modules/kanod-configure"));
      return { texts: undefined, packages: [] };
    }
    const { parts, packages, warnings } = await bundleImage(stage, elements, this.#work, this.#signal);
    this.#warnings.push(...warnings);
    const textOf = async (file: string): Promise<string> => (await readText(file)) ?? "";
    const texts = {
      agent: await textOf(agentBundle.agent),
      "agent-offline": await textOf(agentBundle["agent-offline"]),
      "agent-rest": await textOf(agentBundle["agent-rest"]),
      ...parts,
    };
    return { texts, packages };
  }

  #tryContributions(
    texts: ProgramTexts | undefined,
    stage: Stage,
    elements: readonly CollectedElement[],
  ): Promise<string> {
    const work = join(this.#work, "trial");
    const program = trialProgram(texts === undefined ? separate(stage.folder) : inOneText(texts));
    return tryOut(program, elements, { work, signal: this.#signal });
  }

  async #writeProgram(folder: string, { texts, stage, runtime, elements }: ProgramContent): Promise<void> {
    const agent = join(folder, "kanod-configure");
    if (texts !== undefined && runtime !== undefined) {
      const options = { work: join(this.#work, "executable"), signal: this.#signal };
      const { main, assets } = await storeParts(texts, elements, { ...options, withCode: runtime.native });
      return buildExecutable(main, runtime, agent, { ...options, assets });
    }
    const main = this.#isBundled ? "kanod-configure.cjs" : "kanod-configure.files/main.cjs";
    if (!this.#isBundled) await copyTree(stage.folder, join(folder, "kanod-configure.files"));
    await writeText(join(folder, main), agentProgram(texts === undefined ? separate(".") : inOneText(texts), false));
    return writeText(agent, launcher(main), 0o755);
  }

  async #start(folder: string, expected: string, runtime: Runtime | undefined): Promise<void> {
    const emulator = runtime === undefined || runtime.native ? undefined : await emulatorOf(runtime.arch);
    const options = { emulator, signal: this.#signal };
    if (await startOnce(join(folder, "kanod-configure"), expected, options)) return;
    this.#notes.push("the agent was not started: this machine cannot run it");
  }
}
