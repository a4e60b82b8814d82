import { join } from "node:path";
import { inDist } from "./agent-files.ts";
import { bundle } from "./bundle.ts";
import { splitByUse } from "./code-cache/split-by-use.ts";
import { inAscii } from "./launcher.ts";
import { agentNotices, noticesOf } from "./notices.ts";
import { packageFolder, readText, removeTree, writeText } from "./workspace.ts";

/** Writes the agent's part of all programs from the modules in `dist`, and {@link agentNotices}. */
export async function bundleAgent(): Promise<void> {
  // A name of its own for each build would change the bundle.
  const folder = inDist(".bundle");
  const [entry, output] = [join(folder, "entry.js"), join(folder, "agent.cjs")];
  try {
    await writeText(entry, 'export * from "../index.js";\nexport { runAgent } from "../cli/agent.js";\n');
    const report = await bundle({ entry, output, external: {}, base: packageFolder });
    // A package may look for another and do without it.
    const missing = report.missing.filter(({ file }) => file.startsWith(inDist("")));
    const faults = [...missing, ...report.assets, ...report.invalid];
    if (faults.length > 0) throw new Error(`the agent cannot be bundled: ${JSON.stringify(faults)}`);
    await writeText(agentNotices, await noticesOf([packageFolder, ...report.packages]));
    await splitByUse(inAscii((await readText(output)) ?? ""), join(folder, "run"));
  } finally {
    await removeTree(folder);
  }
}
