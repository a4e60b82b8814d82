import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { partOf } from "./launcher.ts";
import { builderNode } from "./runtime.ts";
import { machine, packageFolder, pathKind, readText, removeTree, runProgram, writeText } from "./workspace.ts";

/**
 * The part of an agent that is the same in every image, with all packages it uses. It is made once, when this package is
 * built: it takes as long as all the rest of a compilation.
 */
export const agentBundle: string = join(packageFolder, "dist/agent.cjs");

/** What V8 compiled of {@link agentBundle} in a run, for this machine's architecture. V8 refuses it in another Node. */
export const agentCode: string = join(packageFolder, `dist/agent-${machine.arch}.code`);

/** Writes {@link agentBundle} from the modules in `dist`, and {@link agentCode}. */
export async function bundleAgent(): Promise<void> {
  const dist = join(packageFolder, "dist");
  // A name of its own for each build would change the bundle.
  const folder = join(dist, ".bundle");
  const [entry, output] = [join(folder, "entry.js"), join(folder, "agent.cjs")];
  try {
    await writeText(entry, 'export * from "../index.js";\nexport { runAgent } from "../cli/agent.js";\n');
    const report = await bundle({ entry, output, external: {}, base: packageFolder });
    // A package may do without another: nunjucks looks for chokidar and goes on without.
    const missing = report.missing.filter(({ file }) => file.startsWith(`${dist}/`));
    const faults = [...missing, ...report.assets, ...report.invalid];
    if (faults.length > 0) throw new Error(`the agent cannot be bundled: ${JSON.stringify(faults)}`);
    await writeText(agentBundle, partOf(compiledWhenCalled(inAscii((await readText(output)) ?? ""))));
    await keepCode(join(folder, "run"));
  } finally {
    await removeTree(folder);
  }
}

/** ncc writes its modules as functions in parentheses, which V8 compiles at once: most runs need few of them. */
function compiledWhenCalled(script: string): string {
  return script.replace(/^(\/\*{3}\/ )\((?=\(|function)/gm, "$1(0, ");
}

/** @param tree a folder for the target tree of a run */
async function keepCode(tree: string): Promise<void> {
  await writeText(join(tree, "etc/kanod-configure/configuration.yaml"), "name: machine\n");
  const worker = join(packageFolder, "dist/build/agent-code-worker.js");
  // The seed: as in executable.ts.
  const argv = [await builderNode(), "--random-seed=42", worker, agentBundle, agentCode, tree];
  const { exitCode, stderr } = await runProgram(argv);
  if (exitCode !== 0) throw new Error(`the agent's code cannot be compiled: ${stderr}`);
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
  return (await pathKind(agentBundle)) === "file";
}
