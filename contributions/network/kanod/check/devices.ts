import type { Finding } from "kanod-configure";
import { parseMac, shown, suggest } from "kanod-configure";
import { type Device, interfaceName, isGlob, isPhysical, matchOf, patchPorts, settingsOf } from "../model/network.ts";
import type { Settings } from "../model/settings.ts";
import { type CheckContext, error, type Rule, warning } from "./context.ts";

/** In characters. Source: Linux, IFNAMSIZ without the final zero. */
const maxNameLength = 15;
/** Words that `macaddress` takes besides an address. Source: netplan-yaml(5). */
const macWords = ["permanent", "random", "stable", "stable-ssid", "preserve"];

/** Names of interfaces: what the kernel takes (dev_valid_name) and that no two devices end with the same one. */
export const interfaceNames: Rule = ({ network }) => {
  const owners = new Map<string, Device>();
  return network.devices.flatMap((device) => {
    const badKey = keyFault(device);
    if (badKey.length > 0) return badKey;
    const { name, at, atKey } = namePlace(device);
    if (name === undefined) return [];
    const other = owners.get(name);
    owners.set(name, device);
    const found = nameFault(name);
    if (found !== undefined) return [error("bad-interface-name", at, found, { atKey })];
    if (other === undefined || other.id === device.id) return [];
    const message = `two devices get the name ${shown(name)}: ${shown(other.id)} of ${other.kind} is the other one`;
    return [error("device-defined-twice", at, message, { atKey })];
  });
};

/** Keys of devices, also where they are no names of interfaces: netplan takes no others. Control characters have a rule. */
function keyFault({ id, pointer }: Device): Finding[] {
  if (/[*?[\]]/.test(id)) {
    const hint = `choose any other key, and add \`match: {name: ${JSON.stringify(id)}}\``;
    return [error("bad-interface-name", pointer, `${shown(id)} is a pattern, not a name`, { atKey: true, hint })];
  }
  if (!/[ \u0080-\uffff]/.test(id)) return [];
  const message = `${shown(id)} is no key for a device: blanks and characters that are not ASCII are not allowed`;
  return [error("bad-interface-name", pointer, message, { atKey: true })];
}

/** Bonds, bridges and VRFs have ports that exist, and no device is a port of two of them. */
export const ports: Rule = (context) => {
  const masters = new Map<string, Device>();
  return context.network.devices.flatMap((device) => {
    if (!["bonds", "bridges", "vrfs"].includes(device.kind)) return [];
    return settingsOf(device)
      .texts("interfaces")
      .flatMap((port, index) => {
        const at = `${device.pointer}/interfaces/${index}`;
        const unknown = unknownDevice(context, port, at);
        const master = masters.get(port);
        masters.set(port, device);
        if (unknown.length > 0 || master === undefined) return unknown;
        const message = `${shown(port)} is a port of ${shown(master.id)} already: a device has one master`;
        return [error("two-masters", at, message)];
      });
  });
};

/** Devices that others stand on: of VLANs, VXLANs and SR-IOV, and the port numbers of bridges. */
export const links: Rule = (context) =>
  context.network.devices.flatMap((device) => {
    const settings = settingsOf(device);
    const link = settings.text("link");
    const parameters = device.kind === "bridges" ? settings.section("parameters") : undefined;
    const numbered = ["path-cost", "port-priority"].flatMap((key) =>
      (parameters?.pairs(key) ?? []).flatMap(([port]) => {
        if (settings.texts("interfaces").includes(port)) return [];
        const message = `${shown(port)} is no port of this bridge`;
        const place = `${parameters?.at(key)}/${port.replaceAll("~", "~0").replaceAll("/", "~1")}`;
        return [error("unknown-device", place, message, { atKey: true })];
      }),
    );
    return [...(link === undefined ? [] : unknownDevice(context, link, settings.at("link"))), ...numbered];
  });

/** No device stands on itself, directly or through others. */
export const loops: Rule = ({ network, byId }) => {
  const below = (device: Device): string[] => {
    const settings = settingsOf(device);
    const link = device.kind === "vlans" || device.kind === "tunnels" ? settings.text("link") : undefined;
    const isMaster = device.kind === "bonds" || device.kind === "bridges";
    return [...(link === undefined ? [] : [link]), ...(isMaster ? settings.texts("interfaces") : [])];
  };
  const settled = new Set<string>();
  const findings: Finding[] = [];
  const walk = (device: Device, path: readonly string[]): void => {
    if (settled.has(device.id)) return;
    for (const id of below(device)) {
      const next = byId.get(id);
      if (next === undefined) continue;
      if (id === device.id || path.includes(id)) {
        const message = `${shown(device.id)} stands on itself: ${[...path, device.id, id].join(", ")}`;
        findings.push(error("device-loop", device.pointer, message, { atKey: true }));
      } else walk(next, [...path, device.id]);
    }
    settled.add(device.id);
  };
  for (const device of network.devices) walk(device, []);
  return findings;
};

/** `match`, `set-name` and MAC addresses. */
export const matching: Rule = ({ network }) => {
  const seen = new Map<string, Device>();
  return network.devices.flatMap((device) => {
    const settings = settingsOf(device);
    const match = matchOf(device);
    const mac = match?.text("macaddress");
    return [
      ...(settings.has("set-name") && match === undefined ? [setNameAlone(settings)] : []),
      ...badMac(match, "macaddress", []),
      ...badMac(settings, "macaddress", macWords),
      ...sameMac(device, match, mac === undefined ? undefined : parseMac(mac), seen),
    ];
  });
};

function setNameAlone(settings: Settings): Finding {
  return error("set-name-without-match", settings.at("set-name"), "set-name needs match, to say what is renamed", {
    hint: 'add for example `match: {macaddress: "52:54:00:6b:3c:58"}`',
    atKey: true,
  });
}

function badMac(settings: Settings | undefined, key: string, words: readonly string[]): Finding[] {
  const mac = settings?.text(key);
  if (settings === undefined || mac === undefined || words.includes(mac) || parseMac(mac) !== undefined) return [];
  const hint = words.length === 0 ? undefined : `or one of ${words.map(shown).join(", ")}`;
  return [error("bad-mac-address", settings.at(key), `${shown(mac)} is no MAC address`, { hint })];
}

/** Two devices that are found by the same MAC address and by nothing else: only one of them is configured. */
function sameMac(
  device: Device,
  match: Settings | undefined,
  mac: string | undefined,
  seen: Map<string, Device>,
): Finding[] {
  if (match === undefined || mac === undefined || match.keys().length > 1) return [];
  const other = seen.get(mac);
  seen.set(mac, device);
  if (other === undefined) return [];
  const message = `${shown(other.id)} matches the same MAC address: only one of the two is configured`;
  return [warning("same-match", match.at("macaddress"), message)];
}

/** Both ends of a virtual cable are there, and each names the other. */
export const cables: Rule = (context) =>
  context.network.devices.flatMap((device) => {
    if (device.kind !== "virtual-ethernets") return [];
    const peer = settingsOf(device).text("peer") ?? "";
    const at = `${device.pointer}/peer`;
    const other = context.byId.get(peer);
    if (other === undefined) return unknownDevice(context, peer, at);
    if (other.kind === "virtual-ethernets" && settingsOf(other).text("peer") === device.id && peer !== device.id) {
      return [];
    }
    const message = `${shown(peer)} is not the other end: it does not have \`peer: ${device.id}\``;
    return [error("bad-peer", at, message)];
  });

/** A device that only NetworkManager knows says of which type it is. */
export const networkManagerDevices: Rule = ({ network }) =>
  network.devices.flatMap((device) => {
    if (device.kind !== "nm-devices") return [];
    const passthrough = settingsOf(device).section("networkmanager")?.pairs("passthrough") ?? [];
    if (passthrough.some(([key]) => key === "connection.type")) return [];
    const message = "nm-devices need `connection.type` in networkmanager.passthrough";
    return [error("missing-connection-type", `${device.pointer}/networkmanager`, message, { atKey: true })];
  });

/** VFs name an Ethernet interface as their PF. */
export const virtualFunctions: Rule = ({ network, byId }) =>
  network.devices.flatMap((device) => {
    const link = device.kind === "ethernets" ? settingsOf(device).text("link") : undefined;
    const physical = link === undefined ? undefined : byId.get(link);
    if (physical === undefined || (physical.kind === "ethernets" && physical !== device)) return [];
    const message = `${shown(physical.id)} is no Ethernet interface that could have virtual functions`;
    return [error("bad-physical-function", `${device.pointer}/link`, message)];
  });

function unknownDevice({ names, network }: CheckContext, name: string, at: string): Finding[] {
  if (names.has(name)) return [];
  const setName = network.devices.find((device) => interfaceName(device) === name && isPhysical(device));
  const near = setName?.id ?? suggest(name, names);
  const hint = setName === undefined ? near && `did you mean ${shown(near)}?` : `its key here is ${shown(setName.id)}`;
  const message = `there is no device ${shown(name)} in this configuration`;
  return [error("unknown-device", at, message, { hint: hint ?? `add it, for example \`ethernets: {${name}: {}}\`` })];
}

function namePlace(device: Device): { name: string | undefined; at: string; atKey: boolean } {
  const settings = settingsOf(device);
  if (device.kind === "nm-devices" || device.kind === "modems") {
    return { name: undefined, at: device.pointer, atKey: true };
  }
  const match = matchOf(device);
  if (match === undefined) return { name: device.id, at: device.pointer, atKey: true };
  if (settings.has("set-name")) return { name: settings.text("set-name"), at: settings.at("set-name"), atKey: false };
  const name = match.text("name");
  const isPlain = name !== undefined && !isGlob(name);
  return { name: isPlain ? name : undefined, at: match.at("name"), atKey: false };
}

function nameFault(name: string): string | undefined {
  if (name.length > maxNameLength) {
    return `the name ${shown(name)} has ${name.length} characters; an interface's name has at most ${maxNameLength}`;
  }
  if (name === "" || name === "." || name === ".." || /[\s/:%]/.test(name)) {
    return `${shown(name)} is no name for an interface: blanks, slashes, colons and percent signs are not allowed`;
  }
  return undefined;
}

/** The names that other devices may refer to. */
export function referableNames(context: Pick<CheckContext, "network" | "byId">): Set<string> {
  return new Set([...context.byId.keys(), ...patchPorts(context.network)]);
}

/**
 * Addresses of a bond's or bridge's port are not used: its frames go to the bond or bridge. What Open vSwitch does with a
 * port's addresses, netplan leaves to it.
 */
export const portAddresses: Rule = ({ network, byId }) =>
  network.devices.flatMap((master) => {
    const settingsOfMaster = settingsOf(master);
    if ((master.kind !== "bonds" && master.kind !== "bridges") || settingsOfMaster.has("openvswitch")) return [];
    return settingsOfMaster.texts("interfaces").flatMap((id) => {
      const port = byId.get(id);
      const settings = port === undefined ? undefined : settingsOf(port);
      const isOn = (key: string): boolean => (key === "addresses" ? settings?.has(key) : settings?.flag(key)) === true;
      return ["addresses", "dhcp4", "dhcp6"].filter(isOn).map((key) => {
        const message = `${shown(id)} is a port of ${shown(master.id)}: ${key} has no effect there`;
        const hint = `move it to ${shown(master.id)}`;
        return warning("address-on-port", settings?.at(key) ?? "", message, { hint, atKey: true });
      });
    });
  });

/** In bytes, of Ethernet. */
const defaultMtu = 1500;

/** The kernel lets no VLAN have a larger MTU than the device that it is on. */
export const vlanMtus: Rule = ({ network, byId }) =>
  network.devices.flatMap((device) => {
    const settings = settingsOf(device);
    const mtu = device.kind === "vlans" ? settings.number("mtu") : undefined;
    const link = byId.get(settings.text("link") ?? "");
    if (mtu === undefined || link === undefined) return [];
    const given = settingsOf(link).number("mtu");
    if (mtu <= (given ?? defaultMtu)) return [];
    const about = given === undefined ? `${defaultMtu} unless something else sets it` : String(given);
    const message = `the MTU of a VLAN cannot be larger than that of its link: that of ${shown(link.id)} is ${about}`;
    const hint = `set \`mtu\` of ${shown(link.id)}`;
    return [warning("vlan-mtu-above-link", settings.at("mtu"), message, { hint })];
  });

/** Each boot waits for an interface that nothing uses, when it has no carrier. */
export const spareInterfaces: Rule = ({ network }) => {
  const used = new Set(
    network.devices.flatMap((device) => {
      const settings = settingsOf(device);
      return [
        ...settings.texts("interfaces"),
        ...[settings.text("link"), settings.text("peer")].flatMap((id) => id ?? []),
      ];
    }),
  );
  return network.devices.flatMap((device) => {
    const settings = settingsOf(device);
    const isConfigured = settings.keys().some((key) => !["match", "set-name", "mtu", "wakeonlan"].includes(key));
    if (device.kind !== "ethernets" || isConfigured || used.has(device.id) || device.id === "lo") return [];
    const message = `nothing uses ${shown(device.id)}: without a carrier it delays each boot`;
    return [warning("spare-interface", device.pointer, message, { hint: "add `optional: true`", atKey: true })];
  });
};
