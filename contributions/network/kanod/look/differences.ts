import type { InterfaceFacts } from "kanod-configure";
import { type Prefix, parseAddress, parseNetwork } from "kanod-configure";
import { namesOf } from "../model/match-interfaces.ts";
import { type Device, type Network, settingsOf } from "../model/network.ts";
import type { LinkState, NetworkState, RouteState } from "./machine-state.ts";
import { routeText } from "./missing.ts";

/** Kinds of device that get their settings when something is in reach, or that only NetworkManager knows. */
const unseenKinds: readonly string[] = ["wifis", "modems", "nm-devices"];

/** How the machine differs from what was asked of it. Devices that are optional, or started by hand, are left out. */
export function differences(network: Network, interfaces: readonly InterfaceFacts[], state: NetworkState): string[] {
  const nameOf = new Map(network.devices.map((device) => [device.id, namesOf(device, interfaces)[0] ?? device.id]));
  const masters = new Map<string, string>();
  for (const { kind, id, values } of network.devices) {
    if (!["bonds", "bridges", "vrfs"].includes(kind) || !Array.isArray(values["interfaces"])) continue;
    for (const port of values["interfaces"]) masters.set(String(port), id);
  }
  return network.devices.filter(isExpected).flatMap((device) =>
    namesOf(device, interfaces).flatMap((name) => {
      const link = state.links.find((each) => each.name === name);
      if (link === undefined) return [`${name}: there is no such interface`];
      const faults = [
        ...linkFaults(device, link, nameOf.get(masters.get(device.id) ?? "")),
        ...addressFaults(device, link),
        ...routeFaults(device, name, state.routes),
      ];
      return faults.map((fault) => `${name}: ${fault}`);
    }),
  );
}

function isExpected(device: Device): boolean {
  const settings = settingsOf(device);
  const isLeft = settings.flag("optional") === true || settings.has("activation-mode");
  return !isLeft && !unseenKinds.includes(device.kind) && settings.text("renderer") !== "sriov";
}

function linkFaults({ kind, values }: Device, link: LinkState, master: string | undefined): string[] {
  const faults: string[] = [];
  const { mtu, id } = values;
  if (!link.up) faults.push("it is down");
  if (typeof mtu === "number" && link.mtu !== mtu) faults.push(`its MTU is ${link.mtu}, not ${mtu}`);
  if (master !== undefined && link.master !== master) faults.push(`it is not a port of ${master}`);
  if (kind === "vlans" && link.vlanId !== id) faults.push(`its VLAN id is ${link.vlanId}, not ${id}`);
  return faults;
}

function addressFaults(device: Device, { addresses }: LinkState): string[] {
  const settings = settingsOf(device);
  const has = ({ family, value, length }: Prefix): boolean =>
    addresses.some(({ text }) => {
      const its = parseNetwork(text);
      return its?.family === family && its.value === value && its.length === length;
    });
  const lost = device.addresses.filter(({ prefix }) => prefix !== undefined && !isLinkScope(prefix) && !has(prefix));
  const asked = ([4, 6] as const).filter((family) => settings.flag(`dhcp${family}`) === true);
  const given = asked.filter((family) => addresses.some((each) => each.family === family && each.dynamic));
  // With DHCP for both families, one is enough.
  const waiting = given.length === 0 ? asked : [];
  return [
    ...lost.map(({ text }) => `the address ${text} is missing`),
    ...(waiting.length > 0 ? [`no address from ${waiting.map((family) => `DHCPv${family}`).join(" or ")}`] : []),
  ];
}

/** Addresses of this scope are not looked at. */
function isLinkScope({ family, value }: Prefix): boolean {
  return family === 6 && value >> 118n === 0x3fan;
}

function routeFaults(device: Device, name: string, state: readonly RouteState[]): string[] {
  const vrf = device.kind === "vrfs" ? settingsOf(device).number("table") : undefined;
  return device.routes.flatMap(({ settings, destination, to, gateway, family }) => {
    const type = settings.text("type") ?? "unicast";
    if (type !== "unicast") return [];
    const table = settings.number("table") ?? vrf;
    const metric = settings.number("metric");
    const isSame = (route: RouteState): boolean => {
      const network = route.to === "default" ? undefined : parseNetwork(route.to);
      const isDefault = to === "default" || destination?.length === 0;
      const isTo = isDefault ? network === undefined : sameNetwork(network, destination);
      const via = route.via === undefined ? undefined : parseAddress(route.via)?.value;
      const isIn = table === undefined || table === 254 ? route.table === "main" : route.table === String(table);
      const isNamed = !/^\d+$/.test(route.table) && route.table !== "main" && table !== 254 && table !== undefined;
      const isHere = device.kind === "vrfs" || route.interface === name;
      return (
        isHere &&
        (family === undefined || route.family === family) &&
        isTo &&
        via === gateway?.value &&
        (isIn || isNamed) &&
        (metric === undefined || metric === 0 || route.metric === metric)
      );
    };
    if (state.some(isSame)) return [];
    return [`the route ${routeText({ to, via: settings.text("via"), table: String(table ?? "main") })} is missing`];
  });
}

function sameNetwork(one: Prefix | undefined, other: Prefix | undefined): boolean {
  if (one === undefined || other === undefined || one.family !== other.family || one.length !== other.length)
    return false;
  const rest = BigInt((one.family === 6 ? 128 : 32) - one.length);
  return one.value >> rest === other.value >> rest;
}
