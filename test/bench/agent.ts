import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileAgent } from "../../src/compile/compile.ts";
import { elementOfFolder } from "../../src/compile/elements.ts";
import { buildExecutable } from "../../src/compile/executable.ts";
import { prepareRuntime } from "../../src/compile/runtime.ts";
import { shippedElements } from "./compile.ts";
import { type Figure, pairedRatio, peakMemory } from "./measure.ts";

/** A run of ten contributions that do nothing, from start to exit, over an executable of the same runtime with an empty script. */
export async function benchAgent(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "kanod-bench-"));
  try {
    const element = join(folder, "ten");
    mkdirSync(join(element, "kanod"), { recursive: true });
    const registrations = Array.from({ length: 10 }, (_, index) => `register("c${index}", ${index}, () => {});`);
    writeFileSync(
      join(element, "kanod/ten.ts"),
      `import { register } from "kanod-configure";\n${registrations.join("\n")}\n`,
    );
    const { agent } = await compileAgent({ elements: [elementOfFolder(element)], output: join(folder, "agent") });
    const bare = join(folder, "bare");
    const arch = process.arch === "arm64" ? "arm64" : "x64";
    const runtime = await prepareRuntime(arch, join(folder, "runtime"));
    mkdirSync(join(folder, "work"));
    await buildExecutable("", runtime, bare, { work: join(folder, "work") });
    const tree = join(folder, "tree");
    mkdirSync(join(tree, "etc/kanod-configure"), { recursive: true });
    writeFileSync(join(tree, "etc/kanod-configure/configuration.yaml"), "name: bench\n");
    const run = [join(folder, "agent/kanod-runcmd"), "--root", tree];
    const { agent: whole } = await compileAgent({ elements: shippedElements(), output: join(folder, "whole") });
    const wholeRun = [join(folder, "whole/kanod-runcmd"), "--root", tree];
    const version = [join(folder, "agent/kanod-runcmd"), "--version"];
    const memory = (await peakMemory(run, 9)) / (await peakMemory([bare], 9));
    return [
      {
        name: "no-op run of 10 contributions / bare executable, time",
        goal: "<= 1.5",
        unit: "ratio",
        ...pairedRatio(run, [bare], 25),
      },
      {
        name: "run of all we ship with nothing to do / bare executable, time",
        goal: "<= 2.0",
        unit: "ratio",
        ...pairedRatio(wholeRun, [bare], 25),
      },
      { name: "--version / bare executable, time", unit: "ratio", ...pairedRatio(version, [bare], 25) },
      {
        name: "no-op run of 10 contributions / bare executable, peak memory",
        goal: "<= 1.4",
        unit: "ratio",
        value: memory,
      },
      { name: "size of the executable", unit: "MiB", value: statSync(agent).size / 1024 / 1024 },
      { name: "the same with all we ship", unit: "MiB", value: statSync(whole).size / 1024 / 1024 },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
