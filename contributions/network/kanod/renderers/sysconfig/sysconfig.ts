import type { Host } from "kanod-configure";
import { hasUnit } from "kanod-configure";
import { throughCloudInit } from "../cloud-init/convert.ts";
import { cloudInitMark, cloudInitRules } from "../cloud-init/left-overs.ts";
import { commandTimeout, hasProgram, restart } from "../programs.ts";
import type { Renderer } from "../renderer.ts";

const scripts = /^(ifcfg|route6?|ifroute|rule6?)-/;

/** Files of Red Hat's scripts and of SUSE's wicked, which NetworkManager may read too. */
export const sysconfig: Renderer = {
  name: "sysconfig",
  files: [
    { folder: "/etc/sysconfig/network-scripts", name: scripts, own: scripts, ownContent: cloudInitMark },
    { folder: "/etc/sysconfig/network", name: scripts, own: scripts, ownContent: cloudInitMark },
    // It keeps NetworkManager from writing resolv.conf.
    { folder: "/etc/NetworkManager/conf.d", name: /^99-cloud-init\.conf$/, own: /./, ownContent: cloudInitMark },
    cloudInitRules,
  ],
  units: ["network.service", "wicked.service"],
  available: async (host) => {
    const hasScripts = (await hasProgram(host, "ifup")) && (await hasProgram(host, "ifdown"));
    for (const path of ["/etc/sysconfig/network-scripts/network-functions", "/etc/sysconfig/config"]) {
      if (hasScripts && (await host.stat(path)) !== undefined) return true;
    }
    return hasIfcfgPlugin(host);
  },
  render: (network) =>
    throughCloudInit(network, "sysconfig", ({ id, like }) =>
      [id, ...like].some((name) => /suse|sles/.test(name)) ? "sles" : "rhel",
    ),
  start,
};

/** Red Hat's scripts, NetworkManager with the ifcfg plugin, or SUSE's wicked: whichever runs the network there. */
async function start(host: Host): Promise<void> {
  if (await hasUnit(host, "wicked.service")) {
    await host.run(["wicked", "ifreload", "all"], { timeout: commandTimeout, why: "bring the network up" });
  } else {
    const hasManager = await hasUnit(host, "NetworkManager.service");
    await restart(host, hasManager ? "NetworkManager.service" : "network.service");
  }
}

/** The plugin with which NetworkManager reads ifcfg files. */
async function hasIfcfgPlugin(host: Host): Promise<boolean> {
  for (const folder of ["/usr/lib64/NetworkManager", "/usr/lib/NetworkManager"]) {
    for (const version of (await host.list(folder).catch(() => undefined)) ?? []) {
      const path = `${folder}/${version}/libnm-settings-plugin-ifcfg-rh.so`;
      if ((await host.stat(path)) !== undefined) return true;
    }
  }
  return false;
}
