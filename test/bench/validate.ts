import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileAgent } from "../../src/compile/compile.ts";
import { userData } from "../support/user-data.ts";
import { shippedElements } from "./compile.ts";
import { type Figure, median, pairedRatio, peakMemory, timeOf } from "./measure.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const program = [process.execPath, join(repository, "dist/bin/kanod-configure.js"), "validate"];
const oracle = ["cloud-init", "schema", "-c"];

/** `validate` over `cloud-init schema`, which checks less of the same user-data: one file, and a thousand one by one. */
export async function benchValidate(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "kanod-bench-"));
  try {
    const thousand = writeMany(join(folder, "thousand"), 1000);
    const hundred = writeMany(join(folder, "hundred"), 100);
    const file = join(thousand, "machine-0/user-data.yaml");
    const { agent } = await compileAgent({ elements: shippedElements(), output: join(folder, "agent") });
    const alone = median(Array.from({ length: 15 }, () => timeOf([...oracle, file])));
    const all = median(Array.from({ length: 3 }, () => timeOf([...program, thousand])));
    return [
      {
        name: "cloud-init schema / validate of an agent, one file, time",
        goal: ">= 10",
        unit: "ratio",
        ...pairedRatio([...oracle, file], [agent, "validate", file], 15),
      },
      {
        name: "cloud-init schema / validate of the package, one file, time",
        unit: "ratio",
        ...pairedRatio([...oracle, file], [...program, file], 15),
      },
      {
        name: "validate of the package, one small file, time",
        goal: "<= 0.1",
        unit: "s",
        value: median(Array.from({ length: 15 }, () => timeOf([...program, file]))),
      },
      {
        name: "validate of the package / an empty Node, time",
        unit: "ratio",
        ...pairedRatio([...program, file], [process.execPath, "-e", "0"], 15),
      },
      {
        name: "cloud-init schema one by one (15 measured) / validate, 1,000 files, time",
        goal: ">= 50",
        unit: "ratio",
        value: (1000 * alone) / all,
      },
      {
        name: "validate, 1,000 files / 100 files, peak memory",
        unit: "ratio",
        value: (await peakMemory([...program, thousand], 3)) / (await peakMemory([...program, hundred], 3)),
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** User-data of so many machines, each with its own. */
function writeMany(folder: string, count: number): string {
  for (let index = 0; index < count; index++) {
    const text = userData({
      boot: { kernel: { add: [`console=ttyS${index % 4}`] } },
      configuration: {
        name: `machine-${index}`,
        network: { version: 2, ethernets: { eth0: { addresses: [`10.${index >> 8}.${index & 255}.1/24`] } } },
        ntp: { servers: ["ntp.example.org"] },
        proxy: { http: "http://proxy.example.org:3128", no_proxy: `10.${index >> 8}.0.0/16` },
      },
    });
    mkdirSync(join(folder, `machine-${index}`), { recursive: true });
    writeFileSync(join(folder, `machine-${index}`, "user-data.yaml"), text);
  }
  return folder;
}
