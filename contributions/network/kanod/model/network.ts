import { isMapping, jsonPointer, pointerParts } from "kanod-configure";
import { type DeviceAddress, readAddresses } from "./addresses.ts";
import { type Route, readRoutes } from "./routes.ts";
import { readFlag, Settings } from "./settings.ts";

/** The kinds of device of the netplan form (cloud-init version 2), in the order in which they are rendered. */
export const deviceKinds = [
  "ethernets",
  "wifis",
  "modems",
  "dummy-devices",
  "virtual-ethernets",
  "bonds",
  "bridges",
  "vlans",
  "tunnels",
  "vrfs",
  "nm-devices",
] as const;

export type DeviceKind = (typeof deviceKinds)[number];

/** Devices that exist before anything is configured; all others are made by the configuration. */
export const physicalKinds: readonly DeviceKind[] = ["ethernets", "wifis", "modems"];

export interface Device {
  kind: DeviceKind;
  /** Its key in the configuration. The interface's name may be another one: see {@link interfaceName}. */
  id: string;
  /** Pointer into the version 2 form. */
  pointer: string;
  values: Readonly<Record<string, unknown>>;
  addresses: readonly DeviceAddress[];
  routes: readonly Route[];
}

/** A network configuration in the version 2 form. */
export interface Network {
  /** What stands below `network:` in a netplan file, with real booleans. */
  version2: Readonly<Record<string, unknown>>;
  devices: readonly Device[];
  /** What was written of the version 2 value at `pointer`: differs where the configuration is of version 1. */
  locate(pointer: string): string;
}

/** Keys whose value is a boolean in netplan, wherever they stand in a device. */
const flagKeys: ReadonlySet<string> = new Set([
  "accept-ra",
  "all-members-active",
  "all-slaves-active",
  "arp-proxy",
  "auto-config",
  "critical",
  "delay-virtual-functions-rebind",
  "dhcp4",
  "dhcp6",
  "do-not-fragment",
  "emit-lldp",
  "generic-receive-offload",
  "generic-segmentation-offload",
  "hairpin",
  "hidden",
  "ignore-carrier",
  "ipv6-privacy",
  "large-receive-offload",
  "mac-learning",
  "mcast-snooping",
  "neigh-suppress",
  "on-link",
  "optional",
  "port-mac-learning",
  "receive-checksum-offload",
  "rstp",
  "send-hostname",
  "short-circuit",
  "stp",
  "tcp-segmentation-offload",
  "tcp6-segmentation-offload",
  "transmit-checksum-offload",
  "use-dns",
  "use-domains",
  "use-hostname",
  "use-mtu",
  "use-ntp",
  "use-routes",
  "wakeonlan",
]);

/** Keys of mappings whose own keys and values are the user's, not netplan's. */
const opaqueKeys: ReadonlySet<string> = new Set(["external-ids", "other-config", "passthrough"]);

/** The network of a version 2 configuration. `value` is what stands at `pointer` and was accepted by the schema. */
export function readVersion2(
  value: Readonly<Record<string, unknown>>,
  pointer: string,
  locate: (pointer: string) => string = (same) => same,
): Network {
  const version2 = { version: 2, ...(withFlags(value) as Record<string, unknown>) } as Record<string, unknown>;
  const devices = deviceKinds.flatMap((kind) => {
    const section = version2[kind];
    if (!isMapping(section)) return [];
    return Object.entries(section)
      .filter(([id]) => id !== "renderer")
      .map(([id, value]): Device => {
        const at = `${pointer}${jsonPointer([kind, id])}`;
        const values = isMapping(value) ? value : {};
        const routes = readRoutes(new Settings(values, at));
        return { kind, id, pointer: at, values, addresses: readAddresses(values, at), routes };
      });
  });
  return { version2, devices, locate };
}

export function settingsOf(device: Device): Settings {
  return new Settings(device.values, device.pointer);
}

export function isPhysical(device: Device): boolean {
  return physicalKinds.includes(device.kind);
}

/** `match` of a physical device, or undefined where its key is the interface's name. */
export function matchOf(device: Device, settings: Settings = settingsOf(device)): Settings | undefined {
  if (!isPhysical(device)) return undefined;
  const match = settings.section("match");
  return match === undefined || match.keys().length === 0 ? undefined : match;
}

/**
 * The name that the interface has once it is configured; undefined where only a pattern, a MAC address or a driver says
 * which interface it is.
 */
export function interfaceName(device: Device): string | undefined {
  const match = matchOf(device);
  if (match === undefined) return device.id;
  const setName = settingsOf(device).text("set-name");
  if (setName !== undefined) return setName;
  const name = match.text("name");
  return name === undefined || isGlob(name) ? undefined : name;
}

export function isGlob(name: string): boolean {
  return /[*?[]/.test(name);
}

/** Names of the ends of Open vSwitch patch cables, which stand for interfaces too. */
export function patchPorts(network: Network): string[] {
  const section = network.version2["openvswitch"];
  const ports = isMapping(section) ? section["ports"] : undefined;
  return Array.isArray(ports) ? ports.flat().map(String) : [];
}

/** Finds what was written for a pointer into a translated configuration: its own place, or the nearest above it. */
export function locatorOf(places: ReadonlyMap<string, string>): (pointer: string) => string {
  return (pointer) => {
    const parts = pointerParts(pointer);
    for (let length = parts.length; length > 0; length--) {
      const place = places.get(jsonPointer(parts.slice(0, length)));
      if (place !== undefined) return place;
    }
    return pointer;
  };
}

/** The value itself where nothing in it is another one. */
function withFlags(value: unknown, key = ""): unknown {
  if (typeof value !== "object" || value === null) return flagKeys.has(key) ? (readFlag(value) ?? value) : value;
  if (opaqueKeys.has(key)) return value;
  const isList = Array.isArray(value);
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[name];
    const read = withFlags(item, isList ? "" : name);
    if (read === item) continue;
    copy ??= (isList ? [...value] : { ...value }) as Record<string, unknown>;
    copy[name] = read;
  }
  return copy ?? value;
}
