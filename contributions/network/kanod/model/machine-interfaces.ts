import type { Host } from "kanod-configure";
import { CommandError, isMapping } from "kanod-configure";

/** A network interface that the machine has. */
export interface MachineInterface {
  name: string;
  /** Permanent MAC address in lower case, or the present one where the interface has no permanent one. */
  mac: string;
  driver: string | undefined;
  /** `up`, `down`, `unknown`, …: the kernel's operational state (RFC 2863). */
  state: string;
  /** Made by software: a bridge, a bond, a VLAN, a cable of a container … */
  isVirtual: boolean;
}

const sysfs = "/sys/class/net";

/**
 * The network interfaces of the machine, without `lo`, by name. Undefined where nobody can know, as on a target tree.
 * Source: Linux, Documentation/ABI/testing/sysfs-class-net; ip-link(8).
 */
export async function machineInterfaces(host: Host): Promise<MachineInterface[] | undefined> {
  const names = await host.list(sysfs);
  if (names === undefined) return undefined;
  const permanent = await permanentAddresses(host);
  const interfaces: MachineInterface[] = [];
  for (const name of names) {
    const address = await attribute(host, name, "address");
    if (name === "lo" || address === undefined) continue;
    const driver = (await host.stat(`${sysfs}/${name}/device/driver`))?.target?.split("/").at(-1);
    const hasDevice = (await host.stat(`${sysfs}/${name}/device`)) !== undefined;
    const state = (await attribute(host, name, "operstate")) ?? "unknown";
    interfaces.push({ name, mac: permanent.get(name) ?? address, driver, state, isVirtual: !hasDevice });
  }
  return interfaces;
}

/** `NAME (MAC, driver DRIVER, STATE)` of each, for messages. */
export function describeInterfaces(interfaces: readonly MachineInterface[]): string {
  const described = interfaces.map(({ name, mac, driver, state }) => {
    return `${name} (${[mac, driver === undefined ? undefined : `driver ${driver}`, state].filter(Boolean).join(", ")})`;
  });
  return described.length === 0 ? "none" : described.join("; ");
}

async function attribute(host: Host, name: string, key: string): Promise<string | undefined> {
  try {
    return (await host.readFile(`${sysfs}/${name}/${key}`))?.trim().toLowerCase();
  } catch {
    // Some attributes of interfaces without a link cannot be read.
    return undefined;
  }
}

/** Of interfaces whose address is not the permanent one, as the ports of a bond. */
async function permanentAddresses(host: Host): Promise<Map<string, string>> {
  const addresses = new Map<string, string>();
  try {
    const { stdout } = await host.query(["ip", "-json", "link", "show"]);
    const links: unknown = stdout === "" ? [] : JSON.parse(stdout);
    for (const link of Array.isArray(links) ? links : []) {
      if (!isMapping(link)) continue;
      const { ifname, permaddr } = link;
      if (typeof ifname === "string" && typeof permaddr === "string") addresses.set(ifname, permaddr.toLowerCase());
    }
  } catch (error) {
    if (!(error instanceof CommandError) && !(error instanceof SyntaxError)) throw error;
  }
  return addresses;
}
