import type { Host, InterfaceFacts, Logger } from "kanod-configure";
import { ensureService, hasUnit } from "kanod-configure";
import { fitsPattern } from "../../model/match-interfaces.ts";
import { commandTimeout, systemdProgram, waitForInterfaces } from "../programs.ts";
import type { Contents, KeptFile, RenderedFile, Renderer, Rival, Setup } from "../renderer.ts";
import { networkdFolder } from "./folder.ts";
import { renderNetworkd } from "./render.ts";

/** systemd-networkd. */
export const networkd: Renderer = {
  name: "networkd",
  backEnd: "networkd",
  files: [
    {
      folder: networkdFolder,
      name: /\.(network|netdev|link)$/,
      own: /^10-cloud-init-/,
      others: ["/run/systemd/network", "/usr/local/lib/systemd/network", "/usr/lib/systemd/network"],
    },
  ],
  units: ["systemd-networkd.service", "systemd-networkd.socket", "systemd-resolved.service"],
  // cloud-init only looks for the programs, but networkd itself must be installed.
  available: async (host) => (await systemdProgram(host, "systemd-networkd")) !== undefined,
  render: renderNetworkd,
  read,
  holds: async (host) => ({
    names: await namesInHand(host, (file) => !file.startsWith("/run/systemd/network/10-netplan-")),
    profiles: [],
  }),
  rivals,
  start,
  verify: foreignFiles,
  takeOver: releaseInterfaces,
};

/** The first file by name that matches is used, in whichever folder. */
function rivals(
  files: readonly KeptFile[],
  { names, files: own }: Setup,
  interfaces: readonly InterfaceFacts[],
): Rival[] {
  const networks = own.map(({ path }) => baseName(path)).filter((name) => name.endsWith(".network"));
  const last = networks.toSorted().at(-1) ?? "";
  return files
    .filter(({ path }) => path.endsWith(".network") && baseName(path) < last && !networks.includes(baseName(path)))
    .filter(({ content }) => names.some((name) => matches(content, name, interfaces)))
    .map(({ path }) => ({ path, mask: "" }));
}

/** A file is taken to match unless its names or MAC addresses say that it does not. */
function matches(content: string, name: string, interfaces: readonly InterfaceFacts[]): boolean {
  const mac = interfaces.find((each) => each.name === name)?.mac;
  const [patterns, macs] = [
    valuesOf(content, "Name"),
    [...valuesOf(content, "MACAddress"), ...valuesOf(content, "PermanentMACAddress")],
  ];
  if (patterns.length > 0 && !patterns.some((pattern) => fitsPattern(pattern, name))) return false;
  return macs.length === 0 || mac === undefined || macs.some((each) => each.toLowerCase() === mac);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Interfaces that systemd-networkd configures with another file. */
async function foreignFiles(host: Host, { names, files }: Setup): Promise<string[]> {
  const own = new Set(files.map(({ path }) => path));
  const states = await linkStates(host);
  return states.flatMap(({ name, file }) =>
    names.includes(name) && name !== "lo" && file !== "" && !own.has(file)
      ? [`${name}: it is configured by ${file}`]
      : [],
  );
}

/** The interfaces that systemd-networkd has in hand with a file of a kind. */
export async function namesInHand(host: Host, isIts: (file: string) => boolean): Promise<string[]> {
  return (await linkStates(host)).flatMap(({ name, file }) => (file !== "" && isIts(file) ? [name] : []));
}

/** What sd-network(3) reads, too. */
async function linkStates(host: Host): Promise<{ name: string; file: string }[]> {
  const folder = "/run/systemd/netif/links";
  const indexes = new Map<string, string>();
  const numbers = (await host.list(folder)) ?? [];
  if (numbers.length === 0) return [];
  for (const name of (await host.list("/sys/class/net")) ?? []) {
    const index = await host.readFile(`/sys/class/net/${name}/ifindex`).catch(() => undefined);
    if (index !== undefined) indexes.set(index.trim(), name);
  }
  const states: { name: string; file: string }[] = [];
  for (const number of numbers) {
    const name = indexes.get(number);
    const text = await host.readFile(`${folder}/${number}`);
    if (name !== undefined && text !== undefined) states.push({ name, file: valuesOf(text, "NETWORK_FILE")[0] ?? "" });
  }
  return states;
}

function read(files: readonly RenderedFile[]): Contents | undefined {
  const units = files.filter(({ path }) => path.startsWith(`${networkdFolder}/`));
  if (units.length === 0) return undefined;
  const namesIn = (ending: string): string[] =>
    units.flatMap(({ path, content }) => (path.endsWith(ending) ? valuesOf(content, "Name") : []));
  return { names: namesIn(".network"), made: namesIn(".netdev"), profiles: [] };
}

/** The values of a key in a file in the form of systemd.syntax(7), of its first section that has the key. */
function valuesOf(text: string, key: string): string[] {
  const line = text.split("\n").find((each) => each.startsWith(`${key}=`));
  return line?.slice(key.length + 1).split(" ") ?? [];
}

async function start(host: Host, setup: Setup, log: Logger): Promise<void> {
  if (await hasUnit(host, "systemd-resolved.service")) {
    await ensureService(host, "systemd-resolved.service");
  }
  const service = await ensureService(host, "systemd-networkd.service");
  if (service === "same") {
    await host.run(["networkctl", "reload"], { timeout: commandTimeout, why: "read the new configuration" });
    const affected = (await present(host, setup.names)).filter((name) => name !== "lo");
    if (affected.length > 0) {
      await host.run(["networkctl", "reconfigure", ...affected], { timeout: commandTimeout, why: "use it" });
    }
  }
  await waitOnline(host, setup, log);
}

/** Waits for the interfaces that must be online; a late one is a warning, because the checks decide. */
export async function waitOnline(host: Host, { awaited }: Setup, log: Logger): Promise<void> {
  const program = await systemdProgram(host, "systemd-networkd-wait-online");
  if (awaited.length === 0 || program === undefined) return;
  const interfaces = awaited.map((name) => `--interface=${name}`);
  const waited = await host.run([program, `--timeout=${waitForInterfaces}`, ...interfaces], {
    okExitCodes: [0, 1],
    timeout: waitForInterfaces + 30,
    why: "wait for the network",
  });
  if (waited.exitCode === 0) return;
  log.warn(`network: not all of ${awaited.join(", ")} are online after ${waitForInterfaces} s`);
}

/** systemd-networkd deletes none of the devices that it has made, and takes no address from an interface that it leaves. */
export async function releaseInterfaces(host: Host, from: Setup, to: Setup): Promise<() => Promise<void>> {
  const why = "it is no longer in the configuration";
  for (const name of await present(host, without(from.made, to.made))) {
    await host.run(["ip", "link", "delete", "dev", name], { why });
  }
  return async () => {
    for (const name of await present(host, without(without(from.names, to.names), from.made))) {
      if (name === "lo") continue;
      await host.run(["ip", "address", "flush", "dev", name], { why });
      await host.run(["ip", "link", "set", "dev", name, "down"], { why });
    }
  };
}

async function present(host: Host, names: readonly string[]): Promise<string[]> {
  const all = new Set((await host.list("/sys/class/net")) ?? []);
  return [...new Set(names)].filter((name) => all.has(name));
}

function without(names: readonly string[], others: readonly string[]): string[] {
  return names.filter((name) => !others.includes(name));
}
