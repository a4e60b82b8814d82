import { join } from "node:path";
import { runtimeFlags } from "../executable.ts";
import { agentProgram, assetsOf, bundledParts, type ProgramPart, type ProgramTexts, storedPart } from "../launcher.ts";
import { builderNode } from "../runtime.ts";
import { type ProgramResult, readText, runProgram, workerFile, writeText } from "../workspace.ts";
import type { AgentPart } from "./split-bundle.ts";

/** What agent-code-worker.ts is asked for. */
export interface CodeRequest {
  /** File with the text of the program. */
  program: string;
  /** Files of its assets, by their names. */
  assets: Readonly<Record<string, string>>;
  /** Scripts whose code is kept, by the names of their assets; `file` is for the code. */
  kept: readonly { text: string; code: string; file: string }[];
  /** The program's name and its arguments. */
  argv: readonly string[];
  /** A file for the numbers of the modules that are asked of a script, as JSON. */
  asked?: { asset: string; file: string };
}

/** Files by the part that they belong to. */
type PartFiles = Readonly<Partial<Record<ProgramPart, string>>>;

export interface CodeOptions {
  work: string;
  /** Files of all parts of the program. */
  texts: ProgramTexts;
  /** Files with code that is there already: what the run needs besides is added to it. */
  known?: PartFiles;
  /** Files for the code of those parts whose code is kept. */
  code?: PartFiles;
  /** The part whose modules are counted that the run asks for. */
  asked?: AgentPart;
  /** The program's name and its arguments. */
  argv: readonly string[];
  signal?: AbortSignal | undefined;
}

/** How the run ended. Without an exit code there is no code, because it did not come to its end. */
export interface CodeResult extends ProgramResult {
  asked: ReadonlySet<string>;
}

/**
 * Options of the Node that compiles code. Without a fixed seed the code differs from build to build. A fixed --hash-seed
 * would make it useless: V8 refuses code that was made under other flags than it runs under, with the exception of this
 * one.
 */
export const codeOptions: readonly string[] = ["--random-seed=42", ...runtimeFlags];

/** In seconds: a run ends at once, but for a contribution that waits for something. */
const patience = 20;

/**
 * Runs an agent on this machine's Node and keeps what V8 compiled for the run, because it compiles most functions when they
 * are first called. V8 refuses the code in another Node.
 */
export async function compileCode(options: CodeOptions): Promise<CodeResult> {
  const { work, texts, known = {}, code = {}, asked, argv, signal } = options;
  const inWork = (name: string): string => join(work, name);
  const [program, requestFile, report] = [inWork("program.cjs"), inWork("request.json"), inWork("report.json")];
  const parts = bundledParts((part) => storedPart(part, known[part] !== undefined));
  await writeText(program, agentProgram(parts, false));
  const request: CodeRequest = {
    program,
    assets: { ...byAsset(texts, "text"), ...byAsset(known, "code") },
    kept: entriesOf(code).map(([part, file]) => ({ ...assetsOf(part), file })),
    argv,
    ...(asked === undefined ? {} : { asked: { asset: assetsOf(asked).text, file: report } }),
  };
  await writeText(requestFile, JSON.stringify(request));
  const command = [await builderNode(), ...codeOptions, workerFile("code-cache/agent-code-worker"), requestFile];
  const result = await runProgram(command, { cwd: work, signal, timeout: patience });
  return { ...result, asked: new Set(JSON.parse((await readText(report)) ?? "[]") as string[]) };
}

function byAsset(files: PartFiles, kind: "text" | "code"): Record<string, string> {
  return Object.fromEntries(entriesOf(files).map(([part, file]) => [assetsOf(part)[kind], file]));
}

function entriesOf(files: PartFiles): [ProgramPart, string][] {
  return Object.entries(files) as [ProgramPart, string][];
}
