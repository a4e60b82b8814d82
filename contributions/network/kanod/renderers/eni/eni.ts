import { throughCloudInit } from "../cloud-init/convert.ts";
import { cloudInitRules } from "../cloud-init/left-overs.ts";
import { hasProgram, restart } from "../programs.ts";
import type { Renderer } from "../renderer.ts";

/** ifupdown: interfaces(5). */
export const eni: Renderer = {
  name: "eni",
  files: [
    { folder: "/etc/network/interfaces.d", name: /./, own: /^50-cloud-init$/ },
    { folder: "/etc/network", name: /^interfaces$/ },
    cloudInitRules,
  ],
  available: async (host) =>
    (await hasProgram(host, "ifquery")) &&
    (await hasProgram(host, "ifup")) &&
    (await host.stat("/etc/network/interfaces")) !== undefined,
  render: (network) => throughCloudInit(network, "eni", () => "debian"),
  start: (host) => restart(host, "networking.service"),
};
