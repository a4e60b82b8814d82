import type { Finding } from "kanod-configure";
import { escapePointerPart } from "kanod-configure";
import type { Device, Network } from "../model/network.ts";
import {
  addresses,
  deprecatedGateways,
  duplicateAddresses,
  ipv6Generation,
  labels,
  mtu,
  nameservers,
} from "./addresses.ts";
import { authentication } from "./authentication.ts";
import { bonds } from "./bonds.ts";
import { error, type Rule, warning } from "./context.ts";
import * as devices from "./devices.ts";
import { defaultRoutes, gateways, policies, routes, vrfTables } from "./routes.ts";
import { controlCharacters, searchDomains } from "./texts.ts";
import { tunnels } from "./tunnels.ts";

const rules: readonly Rule[] = [
  definedTwice,
  controlCharacters,
  searchDomains,
  devices.interfaceNames,
  devices.matching,
  devices.ports,
  devices.links,
  devices.loops,
  devices.cables,
  devices.networkManagerDevices,
  devices.virtualFunctions,
  devices.portAddresses,
  devices.vlanMtus,
  addresses,
  duplicateAddresses,
  labels,
  deprecatedGateways,
  nameservers,
  mtu,
  ipv6Generation,
  routes,
  gateways,
  defaultRoutes,
  policies,
  vrfTables,
  bonds,
  tunnels,
  authentication,
  inexactNumbers,
];

/**
 * All that is wrong with, or noteworthy in, a network that the schema has accepted, besides what its translation found.
 * Pointers are those of the user.
 */
export function checkNetwork(network: Network, translation: readonly Finding[] = []): Finding[] {
  const byId = new Map(network.devices.map((device) => [device.id, device]));
  const context = { network, byId, names: devices.referableNames({ network, byId }) };
  const locate = (finding: Finding): Finding => ({ ...finding, pointer: network.locate(finding.pointer) });
  const findings = [...translation, ...rules.flatMap((rule) => rule(context)).map(locate)];
  // What a device is for may be what is written wrong.
  const isClear = !findings.some(({ severity }) => severity === "error");
  return isClear ? [...findings, ...devices.spareInterfaces(context).map(locate)] : findings;
}

/** One key in two sections: netplan and others would mix the two. */
function definedTwice({ network }: { network: Network }): Finding[] {
  const first = new Map<string, Device>();
  return network.devices.flatMap((device) => {
    const other = first.get(device.id);
    if (other === undefined) first.set(device.id, device);
    if (other === undefined) return [];
    const message = `\`${device.id}\` is a device of ${other.kind} already`;
    return [error("device-defined-twice", device.pointer, message, { atKey: true })];
  });
}

/** A number with more digits than a double holds has lost some when the file was read. */
function inexactNumbers({ network }: { network: Network }): Finding[] {
  const message = "a number of this length loses digits: it must be a string";
  return network.devices.flatMap(({ values, pointer }) =>
    placesOf(values, (value) => Number.isInteger(value) && !Number.isSafeInteger(value)).map((place) =>
      warning("inexact-number", pointer + place, message, { hint: "put it between quotes" }),
    ),
  );
}

/**
 * Pointers of the values of which `holds` is true, and of those below them. Most networks have none, and a pointer to
 * each value would take longer than all looks at them.
 */
function placesOf(value: unknown, holds: (value: unknown) => boolean): string[] {
  if (typeof value !== "object" || value === null) return holds(value) ? [""] : [];
  const places: string[] = [];
  for (const key of Object.keys(value)) {
    const below = placesOf((value as Record<string, unknown>)[key], holds);
    if (below.length > 0) places.push(...below.map((place) => `/${escapePointerPart(key)}${place}`));
  }
  return places;
}
