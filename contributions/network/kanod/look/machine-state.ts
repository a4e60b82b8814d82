import type { Host } from "kanod-configure";
import { CommandError, isMapping } from "kanod-configure";

/** What the kernel has of one interface. */
export interface LinkState {
  name: string;
  up: boolean;
  mtu: number;
  master?: string | undefined;
  /** Of a VLAN. */
  vlanId?: number | undefined;
  addresses: readonly { text: string; family: 4 | 6; dynamic: boolean }[];
}

export interface RouteState {
  family: 4 | 6;
  /** `default` or a network. */
  to: string;
  via?: string | undefined;
  interface: string;
  table: string;
  metric: number;
  /** Who made it: `static`, `dhcp`, `ra`, … Source: ip-route(8). */
  protocol: string;
}

/** A machine's network as it is in effect. */
export interface NetworkState {
  links: readonly LinkState[];
  routes: readonly RouteState[];
}

/** Undefined where it cannot be known: on a target tree, or without `ip`. Source: ip-address(8), ip-route(8). */
export async function networkState(host: Host): Promise<NetworkState | undefined> {
  const links = await records(host, ["-details", "address", "show"]);
  if (links === undefined) return undefined;
  const routes = [4, 6].map(async (family) => {
    const found = await records(host, [`-${family}`, "route", "show", "table", "all"]);
    return (found ?? []).flatMap((route) => readRoute(route, family as 4 | 6));
  });
  return { links: links.flatMap(readLink), routes: (await Promise.all(routes)).flat() };
}

type Fields = Readonly<Record<string, unknown>>;

async function records(host: Host, argv: readonly string[]): Promise<Fields[] | undefined> {
  try {
    const { stdout, skipped } = await host.query(["ip", "-json", ...argv]);
    const value = skipped || stdout === "" ? undefined : (JSON.parse(stdout) as unknown);
    return Array.isArray(value) ? value.filter(isMapping) : undefined;
  } catch (error) {
    // Unknown without the command, or with a version that cannot write JSON.
    if (error instanceof CommandError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function readLink(link: Fields): LinkState[] {
  const { ifname, flags, mtu, master, addr_info, linkinfo } = link;
  if (typeof ifname !== "string") return [];
  const data = isMapping(linkinfo) ? linkinfo["info_data"] : undefined;
  const addresses = (Array.isArray(addr_info) ? addr_info.filter(isMapping) : [])
    .filter((address) => address["scope"] !== "link" && address["temporary"] !== true)
    .map(({ family, local, prefixlen, dynamic }) => {
      return { text: `${local}/${prefixlen}`, family: family === "inet6" ? 6 : 4, dynamic: dynamic === true } as const;
    });
  return [
    {
      name: ifname,
      up: Array.isArray(flags) && flags.includes("UP"),
      mtu: Number(mtu),
      master: typeof master === "string" ? master : undefined,
      vlanId: isMapping(data) && typeof data["id"] === "number" ? data["id"] : undefined,
      addresses,
    },
  ];
}

function readRoute(route: Fields, family: 4 | 6): RouteState[] {
  const { dst, gateway, dev, table = "main", metric = 0, protocol = "boot", type = "unicast" } = route;
  const own = typeof dst === "string" && !["local", "broadcast", "multicast", "anycast"].includes(String(type));
  if (!own || protocol === "kernel" || typeof dev !== "string") return [];
  const via = typeof gateway === "string" ? gateway : undefined;
  const [to, number] = [String(dst), Number(metric)];
  return [{ family, to, via, interface: dev, table: String(table), metric: number, protocol: String(protocol) }];
}
