import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { codeOptions } from "./executable.ts";
import { agentNotices, noticesOf } from "./notices.ts";
import { builderNode } from "./runtime.ts";
import { type SplitBundle, splitBundle } from "./split-bundle.ts";
import { machine, packageFolder, pathKind, readText, removeTree, runProgram, writeText } from "./workspace.ts";

/**
 * The part of an agent that is the same in every image, with all packages it uses, in two: `core` has what a run needs
 * that changes nothing, `rest` is loaded when something else is asked for. They are made once, when this package is
 * built: that takes as long as all the rest of a compilation.
 */
export const agentBundle: SplitBundle = { core: inDist("agent.cjs"), rest: inDist("agent-rest.cjs") };

/** What V8 compiled of {@link agentBundle} in runs, for this machine's architecture. V8 refuses it in another Node. */
export const agentCode: SplitBundle = {
  core: inDist(`agent-${machine.arch}.code`),
  rest: inDist(`agent-rest-${machine.arch}.code`),
};

/** What agent-code-worker.ts is asked for. */
export interface CodeRequest {
  bundle: SplitBundle;
  /** Which of the texts' code is kept, and in which file. */
  keep: keyof SplitBundle;
  code: string;
  /** The program's name and its arguments. */
  argv: readonly string[];
  /** Where the numbers of the modules that were asked of the rest are written, as JSON. */
  report: string;
}

function inDist(name: string): string {
  return join(packageFolder, "dist", name);
}

/** Writes {@link agentBundle} from the modules in `dist`, {@link agentCode} and {@link agentNotices}. */
export async function bundleAgent(): Promise<void> {
  // A name of its own for each build would change the bundle.
  const folder = inDist(".bundle");
  const [entry, output] = [join(folder, "entry.js"), join(folder, "agent.cjs")];
  try {
    await writeText(entry, 'export * from "../index.js";\nexport { runAgent } from "../cli/agent.js";\n');
    const report = await bundle({ entry, output, external: {}, base: packageFolder });
    // A package may do without another: nunjucks looks for chokidar and goes on without.
    const missing = report.missing.filter(({ file }) => file.startsWith(inDist("")));
    const faults = [...missing, ...report.assets, ...report.invalid];
    if (faults.length > 0) throw new Error(`the agent cannot be bundled: ${JSON.stringify(faults)}`);
    await writeText(agentNotices, await noticesOf([packageFolder, ...report.packages]));
    await splitByUse(inAscii((await readText(output)) ?? ""), join(folder, "run"));
  } finally {
    await removeTree(folder);
  }
}

/** Runs the agent with nothing in its core to see what a run uses, then with that to keep what V8 compiles for it. */
async function splitByUse(script: string, work: string): Promise<void> {
  const configuration = join(work, "etc/kanod-configure/configuration.yaml");
  await writeText(configuration, "name: machine\n");
  await writeBundle(splitBundle(script, () => false));
  const used = await runForCode("core", work, ["kanod-runcmd", "--root", work]);
  await writeBundle(splitBundle(script, (number) => used.has(number)));
  await runForCode("core", work, ["kanod-runcmd", "--root", work]);
  await runForCode("rest", work, ["kanod-configure", "validate", configuration]);
}

async function writeBundle({ core, rest }: SplitBundle): Promise<void> {
  await writeText(agentBundle.core, core);
  await writeText(agentBundle.rest, rest);
}

/**
 * Runs the agent and keeps the code of one of its texts.
 *
 * @param argv the program's name and its arguments
 * @returns the numbers of the modules that were asked of the rest
 */
async function runForCode(text: keyof SplitBundle, work: string, argv: readonly string[]): Promise<Set<string>> {
  const report = join(work, "report.json");
  const request: CodeRequest = { bundle: agentBundle, keep: text, code: agentCode[text], argv, report };
  const requestFile = join(work, "request.json");
  await writeText(requestFile, JSON.stringify(request));
  const worker = inDist("build/agent-code-worker.js");
  const command = [await builderNode(), ...codeOptions, worker, requestFile];
  const { exitCode, stderr } = await runProgram(command);
  if (exitCode !== 0) throw new Error(`the agent's code cannot be compiled: ${stderr}`);
  return new Set(JSON.parse((await readText(report)) ?? "[]") as string[]);
}

/**
 * The script with characters beyond ASCII as escapes, which mean the same in texts. V8 keeps a script in which one
 * character is beyond Latin-1 with two bytes for each.
 */
export function inAscii(script: string): string {
  if (/String\.raw`[^`]*[\u0080-\uffff]/.test(script)) throw new Error("in String.raw an escape is no escape");
  return script.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Whether this package was built: a checkout is not before `npm run build`. */
export async function isBuilt(): Promise<boolean> {
  return (await pathKind(agentBundle.core)) === "file";
}
