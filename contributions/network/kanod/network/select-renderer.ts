import type { Distro, Host } from "kanod-configure";
import { AgentError, isMapping, parseYaml } from "kanod-configure";
import { type RendererName, rendererNames } from "./render/rendering.ts";

/** cloud-init's order where a distribution has none of its own. Source: cloud-init 26.1, net/renderers.py. */
const defaultOrder: readonly RendererName[] = ["eni", "sysconfig", "netplan", "network-manager", "networkd"];

/** By `ID` of os-release(5). Source: cloud-init 26.1, config/cloud.cfg.tmpl. */
const orders: Readonly<Record<string, readonly RendererName[]>> = {
  alpine: ["eni"],
  azurelinux: ["netplan", "networkd", "network-manager"],
  debian: ["netplan", "eni", "networkd"],
  fedora: ["netplan", "network-manager", "networkd", "sysconfig", "eni"],
  mariner: ["networkd"],
  openmandriva: ["network-manager", "networkd"],
  photon: ["networkd"],
  raspbian: ["netplan", "network-manager"],
  rhel: ["eni", "netplan", "network-manager", "sysconfig", "networkd"],
  ubuntu: ["netplan", "eni", "sysconfig"],
};

/**
 * What the network is rendered for: `network.renderer` of system.yaml, else the first that the tree has, in the order of
 * its own cloud.cfg, then that of its distribution, then cloud-init's general one.
 *
 * @throws AgentError `no-network-renderer`
 */
export async function selectRenderer(host: Host, wanted: unknown, distro: Distro): Promise<RendererName> {
  const given = rendererNames.find((name) => name === wanted);
  if (given !== undefined) return given;
  const order = new Set([...((await configuredOrder(host)) ?? orderOf(distro)), ...defaultOrder]);
  for (const name of order) {
    if (await isAvailable[name](host)) return name;
  }
  throw new AgentError("no-network-renderer", "nothing that configures a network is installed", {
    hint: `install one of ${rendererNames.join(", ")}, or set network.renderer in system.yaml`,
  });
}

function orderOf({ id, like }: Distro): readonly RendererName[] {
  const known = [id, ...like].find((name) => orders[name] !== undefined);
  return known === undefined ? [] : (orders[known] ?? []);
}

/** `system_info.network.renderers`; undefined where cloud.cfg has none, or cannot be read. */
async function configuredOrder(host: Host): Promise<RendererName[] | undefined> {
  const text = await host.readFile("/etc/cloud/cloud.cfg").catch(() => undefined);
  const value = text === undefined ? undefined : parseYaml(text, "cloud.cfg").value;
  const list = ["system_info", "network", "renderers"].reduce<unknown>(
    (item, key) => (isMapping(item) ? item[key] : undefined),
    value,
  );
  return Array.isArray(list) ? rendererNames.filter((name) => list.includes(name)).sort(byPlaceIn(list)) : undefined;
}

function byPlaceIn(list: readonly unknown[]): (a: unknown, b: unknown) => number {
  return (a, b) => list.indexOf(a) - list.indexOf(b);
}

/** As cloud-init's renderers look for their programs, but for networkd: it also has to be there. */
const isAvailable: Readonly<Record<RendererName, (host: Host) => Promise<boolean>>> = {
  netplan: (host) => hasProgram(host, "netplan"),
  eni: async (host) =>
    (await hasProgram(host, "ifquery")) &&
    (await hasProgram(host, "ifup")) &&
    (await host.stat("/etc/network/interfaces")) !== undefined,
  sysconfig: async (host) => {
    const hasScripts = (await hasProgram(host, "ifup")) && (await hasProgram(host, "ifdown"));
    for (const path of ["/etc/sysconfig/network-scripts/network-functions", "/etc/sysconfig/config"]) {
      if (hasScripts && (await host.stat(path)) !== undefined) return true;
    }
    return hasIfcfgPlugin(host);
  },
  "network-manager": (host) => hasProgram(host, "nmcli"),
  networkd: async (host) => {
    for (const folder of ["/usr/lib/systemd", "/lib/systemd"]) {
      if ((await host.stat(`${folder}/systemd-networkd`)) !== undefined) return true;
    }
    return false;
  },
};

async function hasProgram(host: Host, name: string): Promise<boolean> {
  for (const folder of ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]) {
    if ((await host.stat(`${folder}/${name}`)) !== undefined) return true;
  }
  return false;
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
