import { readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { readNetwork } from "../../contributions/network/kanod/check/read-network.ts";
import { renderNetplan } from "../../contributions/network/kanod/renderers/netplan/render.ts";
import { renderNetworkManager } from "../../contributions/network/kanod/renderers/network-manager/render.ts";
import { renderNetworkd } from "../../contributions/network/kanod/renderers/networkd/render.ts";
import type { Rendering } from "../../contributions/network/kanod/renderers/renderer.ts";
import { parseYaml } from "../../src/config/yaml.ts";
import { corpusFiles } from "../support/corpus.ts";
import { rootfsObstacle } from "../support/debian-rootfs.ts";
import { networks } from "../support/network-arbitrary.ts";
import { deviations } from "../support/network-deviations.ts";
import { difference, keyfileFacts, networkdFacts } from "../support/network-facts.ts";
import { type NetworkOracles, networkOracles, type Verdict } from "../support/network-oracles.ts";
import { readmeExamples } from "../support/readme.ts";
import { describeWith } from "../support/requirements.ts";

interface Sample {
  name: string;
  network: Record<string, unknown>;
}

const readme = readmeExamples<{ network: Record<string, unknown> }>(
  new URL("../../contributions/network/", import.meta.url),
).map(({ network }, index): Sample => ({ name: `README, example ${index + 1}`, network }));
const examples = corpusFiles("netplan-examples/*.yaml").map(({ name, text }): Sample => {
  const { network } = parseYaml(text, name).value as { network: Record<string, unknown> };
  return { name, network };
});
const corpus = [...examples, ...readme];
/** The same ones in every run, so that a failure can be looked at. */
const generated = fc
  .sample(networks, { numRuns: 200, seed: 2026 })
  .map((network): Sample => ({ name: JSON.stringify(network), network }));

function ours({ network }: Sample, render: typeof renderNetworkd): Rendering {
  const read = readNetwork(network);
  if (read.network === undefined) throw new Error("the sample cannot be read");
  return render(read.network, { interfaces: [] });
}

function filesOf(rendering: Rendering): Record<string, string> {
  return Object.fromEntries(rendering.files.map(({ path, content }) => [path, content]));
}

/** cloud-init before 25.2 does not know `to: default`, which says the same as the network of length 0. */
function withNetworks(network: unknown): unknown {
  return JSON.parse(JSON.stringify(network), (_, value) => {
    if (typeof value !== "object" || value === null || value.to !== "default") return value;
    return { ...value, to: String(value.via).includes(":") ? "::/0" : "0.0.0.0/0" };
  });
}

/** Facts that only one of the two has, with the deviation that explains each. */
function compare(
  table: keyof typeof deviations,
  one: ReadonlySet<string>,
  other: ReadonlySet<string>,
): { explained: string[]; unexplained: string[] } {
  const explained: string[] = [];
  const unexplained: string[] = [];
  for (const [side, facts] of [
    ["ours", difference(one, other)],
    ["theirs", difference(other, one)],
  ] as const) {
    for (const fact of facts) {
      const deviation = deviations[table].find((each) => each.side === side && each.fact.test(fact));
      if (deviation === undefined) unexplained.push(`${side}: ${fact}`);
      else explained.push(deviation.id);
    }
  }
  return { explained, unexplained };
}

/** netplan takes half a second for each. Open vSwitch is not installed beside it. */
const forNetplan = [...corpus.filter(({ name }) => !name.includes("openvswitch")), ...generated.slice(0, 60)];

describeWith(rootfsObstacle())("the renderers beside those of others", () => {
  let oracles: NetworkOracles;
  let netplan: Verdict[];
  const outputs = forNetplan.map((sample) => ours(sample, (network) => renderNetplan(network)));

  beforeAll(async () => {
    oracles = await networkOracles();
    netplan = await oracles.netplan(outputs.map(({ files }) => files[0]?.content ?? ""));
    return () => oracles[Symbol.asyncDispose]();
  });

  test.each([
    ["networkd", "cloud-init-networkd", renderNetworkd, networkdFacts],
    ["network-manager", "cloud-init-nm", renderNetworkManager, keyfileFacts],
  ] as const)("say the same as cloud-init's for %s, but for what is listed", async (name, table, render, facts) => {
    const samples = [...corpus, ...generated];
    const read = samples.map(({ network }) => withNetworks(readNetwork(network).network?.version2));
    const verdicts = await oracles.cloudInit(read, name);
    const used = new Set<string>();
    let compared = 0;
    for (const [index, sample] of samples.entries()) {
      const verdict = verdicts[index] as Verdict;
      const rendering = ours(sample, render);
      // Either side says so where it cannot express something.
      if ("refused" in verdict || rendering.findings.length > 0) continue;
      compared++;
      const { explained, unexplained } = compare(table, facts(filesOf(rendering)), facts(verdict.files));
      expect(unexplained, sample.name).toEqual([]);
      for (const id of explained) used.add(id);
    }
    expect(compared).toBeGreaterThan(samples.length / 2);
    // A row of the table that nothing needs any longer has to go.
    const needed = examples.length === 0 ? [...used] : deviations[table].map(({ id }) => id);
    expect([...new Set(needed)].sort()).toEqual([...used].sort());
  });

  test("what both cloud-init and netplan accept is accepted", async () => {
    const read = forNetplan.map(({ network }) => withNetworks(network));
    const cloudInit = await oracles.cloudInit(read, "networkd");
    const isIn = (verdict: Verdict | undefined): boolean => verdict !== undefined && "files" in verdict;
    const accepted = forNetplan.filter((_, index) => isIn(cloudInit[index]) && isIn(netplan[index]));
    expect(accepted.length).toBeGreaterThan(forNetplan.length / 3);
    for (const { name, network } of accepted) {
      const errors = readNetwork(network).findings.filter(({ severity }) => severity === "error");
      expect(errors, name).toEqual([]);
    }
  });

  test("netplan generate accepts every output, and its networkd back end agrees, but for what is listed", () => {
    const used = new Set<string>();
    for (const [index, sample] of forNetplan.entries()) {
      const verdict = netplan[index] as Verdict;
      if ((outputs[index]?.findings.length ?? 0) > 0) {
        expect(verdict, sample.name).toHaveProperty("refused");
        continue;
      }
      expect(verdict, sample.name).toHaveProperty("files");
      const rendering = ours(sample, renderNetworkd);
      if ("refused" in verdict || rendering.findings.length > 0) continue;
      const units = Object.entries(verdict.files).filter(([path]) => path.startsWith("/run/systemd/network/"));
      const theirs = inOneDialect(networkdFacts(Object.fromEntries(units)), sample);
      const { explained, unexplained } = compare(
        "netplan",
        inOneDialect(networkdFacts(filesOf(rendering)), sample),
        theirs,
      );
      expect(unexplained, sample.name).toEqual([]);
      for (const id of explained) used.add(id);
    }
    const needed = examples.length === 0 ? [...used] : deviations.netplan.map(({ id }) => id);
    expect([...new Set(needed)].sort()).toEqual([...used].sort());
  });
});

test("every deviation has its reason in the page, and the page has no other", () => {
  const page = readFileSync(new URL("../../docs/network-deviations.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1]);
  const ids = new Set(Object.values(deviations).flatMap((table) => table.map(({ id }) => id)));
  expect(rows.toSorted()).toEqual([...ids].sort());
});

/** Two ways to write the same for systemd-networkd. */
function inOneDialect(facts: ReadonlySet<string>, { network }: Sample): Set<string> {
  const renamed = Object.entries((network["ethernets"] ?? {}) as Record<string, { "set-name"?: string }>);
  const lines = [...facts].flatMap((fact) => {
    const [, name, suffix] = /^(\S+)\.(network|link|netdev) /.exec(fact) ?? [];
    // netplan names files by the device, and we by the interface.
    const id = renamed.find(([, values]) => values["set-name"] === name)?.[0];
    const own = id === undefined ? fact : fact.replace(`${name}.${suffix}`, `${id}.${suffix}`);
    const line = own
      .replace("[Address] Address=", "[Network] Address=")
      .replace(/\[DHCPv[46]\] /, "[DHCP] ")
      .replace(/\[Network\] Gateway=(\S+)$/, (_, gateway) => `[Route 0.0.0.0/0 by ${gateway}] exists`);
    return /\[Network\] DHCP=no$/.test(line) ? [] : [line];
  });
  return new Set(lines);
}
