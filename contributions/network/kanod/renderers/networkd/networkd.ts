import type { Host, Logger } from "kanod-configure";
import { ensureService, hasUnit } from "kanod-configure";
import { commandTimeout, systemdProgram, waitForInterfaces } from "../programs.ts";
import type { Contents, RenderedFile, Renderer, Setup } from "../renderer.ts";
import { networkdFolder, renderNetworkd } from "./render.ts";

/** systemd-networkd. */
export const networkd: Renderer = {
  name: "networkd",
  backEnd: "networkd",
  files: [{ folder: networkdFolder, name: /\.(network|netdev|link)$/, own: /^10-cloud-init-/ }],
  // cloud-init looks for its programs only, but it also has to be there.
  available: async (host) => (await systemdProgram(host, "systemd-networkd")) !== undefined,
  render: renderNetworkd,
  read,
  start,
  takeOver: releaseInterfaces,
};

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

/** Waits for the interfaces that have to be online; one that is late is a warning, for the checks to judge. */
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
