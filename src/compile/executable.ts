import { join } from "node:path";
import { builderNode, type Runtime } from "./runtime.ts";
import { copyExecutable, runProgram, writeText } from "./workspace.ts";

/**
 * V8 begins with room for half a MiB of new objects, and doubles it each time when it has cleaned up. A run makes
 * about three.
 */
export const runtimeFlags: readonly string[] = ["--min-semi-space-size=8"];

/**
 * Puts a script into a runtime (Node.js documentation, "Single executable applications").
 *
 * @param main text of a CommonJS module, which can import nothing but Node's own modules
 * @param options `assets`: files that `main` gets from node:sea by their names
 */
export async function buildExecutable(
  main: string,
  runtime: Runtime,
  output: string,
  options: { work: string; assets?: Readonly<Record<string, string>>; signal?: AbortSignal | undefined },
): Promise<void> {
  const { work, assets = {}, signal } = options;
  const made = "executable";
  const configuration = {
    // The name goes into the executable: it must be the same in every build.
    main: "agent.cjs",
    mainFormat: "commonjs",
    output: made,
    executable: runtime.file,
    disableExperimentalSEAWarning: true,
    execArgv: runtimeFlags,
    // The agent runs as root at boot: what stands in NODE_OPTIONS must not change it.
    execArgvExtension: "none",
    assets,
  };
  await writeText(join(work, configuration.main), main);
  await writeText(join(work, "sea.json"), JSON.stringify(configuration));
  const argv = [await builderNode(), "--build-sea", "sea.json"];
  const { exitCode, stdout, stderr } = await runProgram(argv, { cwd: work, signal, timeout: 300 });
  if (exitCode !== 0) throw new Error(`the executable could not be made: ${stderr || stdout}`);
  await copyExecutable(join(work, made), output);
}
