import { isMapping } from "../../config/mapping.ts";
import { CommandError } from "../errors.ts";
import type { Host } from "../host.ts";
import type { InterfaceFacts } from "./facts.ts";
import { readLine, withoutUndefined } from "./values.ts";

const sysfs = "/sys/class/net";

/**
 * The network interfaces of the machine, without `lo`, by name. Undefined where nobody can know, as on a target tree.
 * Source: Linux, Documentation/ABI/testing/sysfs-class-net; ip-link(8).
 */
export async function readInterfaces(host: Host): Promise<InterfaceFacts[] | undefined> {
  const names = await host.list(sysfs);
  if (names === undefined) return undefined;
  const permanent = await permanentAddresses(host);
  const interfaces: InterfaceFacts[] = [];
  for (const name of names) {
    const attribute = (key: string): Promise<string | undefined> => readLine(host, `${sysfs}/${name}/${key}`);
    const address = (await attribute("address"))?.toLowerCase();
    if (name === "lo" || address === undefined) continue;
    const hasDevice = (await host.stat(`${sysfs}/${name}/device`)) !== undefined;
    const state = (await attribute("operstate")) ?? "unknown";
    const speed = state === "up" ? Number(await attribute("speed")) : 0;
    interfaces.push(
      withoutUndefined({
        name,
        // The ports of a bond all show the bond's address.
        mac: permanent.get(name) ?? (await attribute("bonding_slave/perm_hwaddr"))?.toLowerCase() ?? address,
        driver: (await host.stat(`${sysfs}/${name}/device/driver`))?.target?.split("/").at(-1),
        state,
        // Some drivers refuse to tell it, others say -1.
        speed: speed > 0 ? speed : undefined,
        isVirtual: !hasDevice,
      }),
    );
  }
  return interfaces;
}

/** `NAME (MAC, driver DRIVER, STATE)` of each, for messages. */
export function describeInterfaces(interfaces: readonly InterfaceFacts[]): string {
  const described = interfaces.map(({ name, mac, driver, state }) => {
    return `${name} (${[mac, driver === undefined ? undefined : `driver ${driver}`, state].filter(Boolean).join(", ")})`;
  });
  return described.length === 0 ? "none" : described.join("; ");
}

/** Of interfaces whose address is not the permanent one. */
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
