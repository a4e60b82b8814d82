import type { Host } from "kanod-configure";
import { throughCloudInit } from "../cloud-init/convert.ts";
import { cloudInitRules } from "../cloud-init/left-overs.ts";
import { hasProgram, restart } from "../programs.ts";
import type { Renderer } from "../renderer.ts";

/** ifupdown(8) keeps a file for each interface that it has brought up. */
async function namesInState(host: Host): Promise<string[]> {
  const names = (await host.list("/run/network")) ?? [];
  return names.flatMap((name) => (name.startsWith("ifstate.") && name !== "ifstate.lo" ? name.slice(8) : []));
}

/** ifupdown: interfaces(5). */
export const eni: Renderer = {
  name: "eni",
  files: [
    { folder: "/etc/network/interfaces.d", name: /./, own: /^50-cloud-init$/ },
    { folder: "/etc/network", name: /^interfaces$/ },
    cloudInitRules,
  ],
  units: ["networking.service"],
  available: async (host) =>
    (await hasProgram(host, "ifquery")) &&
    (await hasProgram(host, "ifup")) &&
    (await host.stat("/etc/network/interfaces")) !== undefined,
  render: (network) => throughCloudInit(network, "eni", () => "debian"),
  holds: async (host) => ({ names: await namesInState(host), profiles: [] }),
  start: (host) => restart(host, "networking.service"),
};
