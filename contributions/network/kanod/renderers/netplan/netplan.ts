import type { Host } from "kanod-configure";
import { isMapping, parseYaml } from "kanod-configure";
import { namesOf } from "../../model/match-interfaces.ts";
import { isPhysical, type Network, readVersion2 } from "../../model/network.ts";
import { releaseInterfaces, waitOnline } from "../networkd/networkd.ts";
import { commandTimeout, hasProgram } from "../programs.ts";
import type { RenderedFile, Renderer } from "../renderer.ts";
import { netplanRefusal, refusalExitCodes } from "./refusal.ts";
import { netplanFile, renderNetplan } from "./render.ts";

/** netplan, which hands the network to systemd-networkd or NetworkManager. */
export const netplan: Renderer = {
  name: "netplan",
  files: [{ folder: "/etc/netplan", name: /\.yaml$/, own: /^50-cloud-init\.yaml$/ }],
  available: (host) => hasProgram(host, "netplan"),
  render: renderNetplan,
  read: (files, interfaces) => {
    const network = readFile(files);
    if (network === undefined) return undefined;
    const names = network.devices.flatMap((device) => namesOf(device, interfaces));
    const made = network.devices.filter((device) => !isPhysical(device)).map(({ id }) => id);
    return { names, made, profiles: [] };
  },
  accept: generate,
  start: async (host, setup, log) => {
    await host.run(["netplan", "apply"], { timeout: commandTimeout, why: "bring the network up" });
    await waitOnline(host, setup, log);
  },
  takeOver: async (host, from, to) => {
    const after = await releaseInterfaces(host, from, to);
    // What netplan has made of its file lies below /run until it looks again.
    if (to.renderer.name !== "netplan" && from.files.some(({ path }) => path === netplanFile)) {
      await host.run(["netplan", "generate"], { why: "forget the former configuration" });
    }
    return after;
  },
};

function readFile(files: readonly RenderedFile[]): Network | undefined {
  const text = files.find(({ path }) => path === netplanFile)?.content;
  const value = text === undefined ? undefined : parseYaml(text, netplanFile).value;
  const network = isMapping(value) ? value["network"] : undefined;
  return isMapping(network) ? readVersion2(network, "/network") : undefined;
}

/** netplan has the last word about its own form. */
async function generate(host: Host): Promise<void> {
  // What it prints quotes lines of files, which may hold passwords.
  const { exitCode, stderr } = await host.run(["netplan", "generate"], {
    secret: true,
    okExitCodes: [0, ...refusalExitCodes],
    timeout: commandTimeout,
    why: "check the configuration",
  });
  if (exitCode !== 0) throw netplanRefusal(stderr);
}
