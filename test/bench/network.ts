import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { readNetwork } from "../../contributions/network/kanod/check/read-network.ts";
import { renderNetworkd } from "../../contributions/network/kanod/renderers/networkd/render.ts";
import { compileAgent } from "../../src/compile/compile.ts";
import { elementOfFolder } from "../../src/compile/elements.ts";
import { parseYaml } from "../../src/config/yaml.ts";
import { corpusFiles } from "../support/corpus.ts";
import { cloneRootfs, debianRootfs } from "../support/debian-rootfs.ts";
import { type Figure, median, pairedRatio } from "./measure.ts";

const element = fileURLToPath(new URL("../../contributions/network", import.meta.url));
const pairs = 5;
const oraclePackages = ["cloud-init", "netplan.io", "udev"];

/**
 * A large network beside `netplan generate`, which reads and checks it and renders it for systemd-networkd too; and
 * netplan's examples beside `cloud-init schema`. Both others are those of Debian 13. Needs root, debootstrap and the corpus.
 */
export async function benchNetwork(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "kanod-bench-"));
  try {
    await using debian = await cloneRootfs(await debianRootfs({ release: "trixie", packages: oraclePackages }));
    const { agent } = await compileAgent({ elements: [elementOfFolder(element)], output: join(folder, "agent") });
    const [small, large] = [timeOfWork(250), timeOfWork(500)];
    return [
      ...besideNetplan(folder, agent, debian.path),
      // 1 is linear.
      {
        name: "500 interfaces, 2,000 routes: time / twice that of half as many",
        unit: "ratio",
        value: large / small / 2,
      },
      besideCloudInit(folder, agent, debian.path),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Interfaces with an address, four routes and a gateway each. */
function networkOf(interfaces: number, leastMetric = 1): { version: number; ethernets: Record<string, object> } {
  const ethernets = Array.from({ length: interfaces }, (_, index) => {
    const net = `10.${index >> 8}.${index & 255}`;
    const routes = Array.from({ length: 4 }, (_route, number) => {
      return { to: `172.${16 + number}.${index & 255}.0/24`, via: `${net}.1`, metric: index + leastMetric };
    });
    return [`eth${index}`, { addresses: [`${net}.2/24`], nameservers: { addresses: [`${net}.53`] }, routes }] as const;
  });
  return { version: 2, ethernets: Object.fromEntries(ethernets) };
}

/** Reading, checking and rendering in this process, which is warm: the median of some times, in milliseconds. */
function timeOfWork(interfaces: number): number {
  const times = Array.from({ length: pairs + 1 }, (_, run) => {
    // Another one each time, because the last one is kept.
    const text = stringify({ network: networkOf(interfaces, run) });
    const begin = performance.now();
    const { network } = readNetwork((parseYaml(text, "bench.yaml").value as { network: object }).network);
    if (network === undefined) throw new Error("the network cannot be read");
    renderNetworkd(network, { interfaces: [] });
    return performance.now() - begin;
  });
  return median(times.slice(1));
}

function besideNetplan(folder: string, agent: string, debian: string): Figure[] {
  const network = networkOf(500);
  const configuration = join(folder, "configuration.yaml");
  const tree = join(folder, "tree");
  writeFileSync(configuration, stringify({ name: "bench", network }), { mode: 0o600 });
  mkdirSync(join(tree, "etc/kanod-configure"), { recursive: true });
  writeFileSync(join(tree, "etc/kanod-configure/system.yaml"), "network: {renderer: networkd}\n");
  mkdirSync(join(debian, "bench/etc/netplan"), { recursive: true });
  writeFileSync(join(debian, "bench/etc/netplan/bench.yaml"), stringify({ network }), { mode: 0o600 });
  const theirs = ["chroot", debian, "netplan", "generate", "--root-dir", "/bench"];
  const render = [agent, "plan", "--root", tree, "--config", configuration, "--format", "json"];
  const ratio = (command: string[]) => ({ unit: "ratio" as const, ...pairedRatio(command, theirs, pairs) });
  return [
    {
      name: "500 interfaces, 2,000 routes: validate / netplan generate, time",
      goal: "<= 1",
      ...ratio([agent, "validate", configuration]),
    },
    { name: "500 interfaces, 2,000 routes: validate and render / the same", goal: "<= 1", ...ratio(render) },
  ];
}

/** cloud-init's is a process for each file: it takes one. */
function besideCloudInit(folder: string, agent: string, debian: string): Figure {
  const examples = corpusFiles("netplan-examples/*.yaml").map(({ text }) => {
    return (parseYaml(text, "example").value as { network: object }).network;
  });
  if (examples.length === 0) throw new Error("the corpus is not there");
  mkdirSync(join(debian, "examples"));
  const files = examples.map((network, index) => {
    writeFileSync(join(debian, `examples/${index}.yaml`), stringify({ network: { version: 2, ...network } }));
    writeFileSync(join(folder, `${index}.yaml`), stringify({ name: "bench", network }));
    return join(folder, `${index}.yaml`);
  });
  const schema = "cloud-init schema --schema-type network-config --config-file";
  const theirs = ["chroot", debian, "sh", "-c", `for file in /examples/*; do ${schema} $file; done || true`];
  const name = `${files.length} examples: validate / cloud-init schema, time`;
  return { name, unit: "ratio", ...pairedRatio([agent, "validate", ...files], theirs, 3) };
}
