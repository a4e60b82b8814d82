import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileAgent } from "../../src/compile/compile.ts";
import { type ElementInput, elementOfFolder } from "../../src/compile/elements.ts";
import { type Figure, median } from "./measure.ts";

/** Runs of each build, in turn, so that a machine that becomes slower meanwhile does so for all. */
const runs = 3;
const counts = [1, 10, 100] as const;
const greeter = new URL("../../packaging/modules/demo/elements/kanod-greeter", import.meta.url);
const contributions = fileURLToPath(new URL("../../contributions/", import.meta.url));

/** All elements that we ship with a contribution. */
export function shippedElements(): ElementInput[] {
  const folders = readdirSync(contributions, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => elementOfFolder(join(contributions, name)));
}

/** Time to compile elements, each with a schema and a contribution, to an executable. */
export async function benchCompile(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "kanod-bench-"));
  try {
    const elements = Array.from({ length: Math.max(...counts) }, (_, index) => writeElement(folder, index));
    const inputs: Record<string, ElementInput[]> = {
      greeter: [elementOfFolder(fileURLToPath(greeter))],
      shipped: shippedElements(),
    };
    for (const count of counts) inputs[`${count} contributions`] = elements.slice(0, count);
    const times = await timesOf(inputs, join(folder, "agent"));
    const time = (name: string): number => times.get(name) ?? Number.NaN;
    const [few, some, many] = counts.map((count) => time(`${count} contributions`)) as [number, number, number];
    return [
      { name: "compile core and greeter", goal: "<= 5", unit: "s", value: time("greeter") },
      { name: "compile everything we ship", goal: "<= 8", unit: "s", value: time("shipped") },
      { name: "compile 1 contribution", unit: "s", value: few },
      { name: "compile 10 contributions", unit: "s", value: some },
      { name: "compile 100 contributions", goal: "<= 10", unit: "s", value: many },
      // 1 is linear; what the ten-fold number costs for each contribution, over what the smaller one does.
      {
        name: "time for each of 100 contributions / of 10",
        goal: "<= 1",
        unit: "ratio",
        value: many / 100 / (some / 10),
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeElement(folder: string, index: number): ElementInput {
  const path = join(folder, `element-${String(index).padStart(3, "0")}`);
  mkdirSync(join(path, "kanod"), { recursive: true });
  writeFileSync(
    join(path, "schema.yaml"),
    `properties:
  key${index}:
    type: object
    description: Settings of element ${index}.
    additionalProperties: false
    properties:
      text: { type: string, description: A text. }
      number: { type: integer, description: A number. }
`,
  );
  writeFileSync(
    join(path, `kanod/element-${index}.ts`),
    `import { register } from "kanod-configure";

register("element-${index}", ${index}, async ({ conf, host }) => {
  const { text = "", number = 0 } = conf.key${index} ?? {};
  await host.writeFile("/etc/element-${index}", \`\${text} \${number}\\n\`);
});
`,
  );
  return elementOfFolder(path);
}

/** The median time of each build, in seconds; a first one fills the caches. */
async function timesOf(inputs: Readonly<Record<string, ElementInput[]>>, output: string): Promise<Map<string, number>> {
  const times = new Map<string, number[]>(Object.keys(inputs).map((name) => [name, []]));
  for (let run = 0; run <= runs; run++) {
    for (const [name, elements] of Object.entries(inputs)) {
      const begin = performance.now();
      await compileAgent({ elements, output });
      if (run > 0) times.get(name)?.push((performance.now() - begin) / 1000);
    }
  }
  return new Map([...times].map(([name, values]) => [name, median(values)]));
}
