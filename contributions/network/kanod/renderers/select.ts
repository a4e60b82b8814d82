import type { Distro, Host } from "kanod-configure";
import { AgentError, isMapping, parseYaml } from "kanod-configure";
import { renderers } from "./list.ts";
import type { Renderer } from "./renderer.ts";

/** cloud-init's order by `ID` of os-release(5). Source: cloud-init 26.1, config/cloud.cfg.tmpl. */
const orders: Readonly<Record<string, readonly string[]>> = {
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
export async function selectRenderer(host: Host, wanted: unknown, distro: Distro): Promise<Renderer> {
  const given = rendererNamed(wanted);
  if (given !== undefined) return given;
  const order = (await configuredOrder(host)) ?? orderOf(distro);
  for (const renderer of new Set([...order.flatMap((name) => rendererNamed(name) ?? []), ...renderers])) {
    if (await renderer.available(host)) return renderer;
  }
  throw new AgentError("no-network-renderer", "nothing that configures a network is installed", {
    hint: `install one of ${renderers.map(({ name }) => name).join(", ")}, or set network.renderer in system.yaml`,
  });
}

export function rendererNamed(wanted: unknown): Renderer | undefined {
  return renderers.find(({ name }) => name === wanted);
}

function orderOf({ id, like }: Distro): readonly string[] {
  return [id, ...like].map((name) => orders[name]).find((order) => order !== undefined) ?? [];
}

/** `system_info.network.renderers`; undefined where cloud.cfg has none, or cannot be read. */
async function configuredOrder(host: Host): Promise<unknown[] | undefined> {
  const text = await host.readFile("/etc/cloud/cloud.cfg").catch(() => undefined);
  const value = text === undefined ? undefined : parseYaml(text, "cloud.cfg").value;
  const list = ["system_info", "network", "renderers"].reduce<unknown>(
    (item, key) => (isMapping(item) ? item[key] : undefined),
    value,
  );
  return Array.isArray(list) ? list : undefined;
}
