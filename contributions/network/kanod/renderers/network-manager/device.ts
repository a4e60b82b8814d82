import { parseAddress, parseMac } from "kanod-configure";
import { isWireguardKey, keyOf } from "../../check/tunnels.ts";
import { interfaceName, isGlob, isPhysical, matchOf } from "../../model/network.ts";
import { wholeDuration } from "../duration.ts";
import type { IniSection } from "../ini.ts";
import { parametersOf } from "../networkd/netdev.ts";
import { type KeyfileJob, refuse } from "./job.ts";
import { keyfileList, keyfileText } from "./keyfile.ts";
import { addModem, addWirelessDevice } from "./radio.ts";
import { addAuthentication } from "./security.ts";

/** Numbers of the modes of [ip-tunnel]. Source: nm-settings-nmcli(5), NMIPTunnelMode. */
const tunnelModes = [
  "",
  "ipip",
  "gre",
  "sit",
  "isatap",
  "vti",
  "ip6ip6",
  "ipip6",
  "ip6gre",
  "vti6",
  "gretap",
  "ip6gretap",
];

const types: Readonly<Record<string, string>> = {
  ethernets: "ethernet",
  wifis: "wifi",
  bonds: "bond",
  bridges: "bridge",
  vlans: "vlan",
  vrfs: "vrf",
  "dummy-devices": "dummy",
  "virtual-ethernets": "veth",
};

const modemKeys = ["apn", "auto-config", "device-id", "network-id", "pin", "sim-id", "sim-operator-id"];

/** `connection.type`, which is also the name of the device's own section. */
export function connectionType({ device, settings }: KeyfileJob): string {
  if (device.id === "lo") return "loopback";
  if (device.kind === "modems") return modemKeys.some((key) => settings.has(key)) ? "gsm" : "cdma";
  if (device.kind === "tunnels") {
    const mode = settings.text("mode") ?? "";
    return mode === "wireguard" || mode === "vxlan" ? mode : "ip-tunnel";
  }
  const mac = matchOf(device)?.text("macaddress") ?? "";
  const isInfiniband = settings.has("infiniband-mode") || mac.length > 17;
  return device.kind === "ethernets" && isInfiniband ? "infiniband" : (types[device.kind] ?? "");
}

/** How the interface is found: by its permanent MAC address, by a pattern or driver, or by its name. */
export function addMatch(job: KeyfileJob, type: string): void {
  const { device, settings, file } = job;
  const match = matchOf(device, settings);
  settings.raw("set-name");
  const mac = parseMac(match?.text("macaddress") ?? "");
  const one = match?.text("driver");
  const drivers = one === undefined ? (match?.texts("driver") ?? []) : [one];
  const pattern = match?.text("name");
  if (mac !== undefined) file.section(type).add("mac-address", mac.toUpperCase());
  const name = interfaceName(device);
  if (device.kind === "modems") return;
  // NM_CONNECTION_MULTI_CONNECT_MULTIPLE: as many interfaces as match.
  if (mac === undefined && name === undefined) file.section("connection").add("multi-connect", 3);
  if (mac === undefined && name !== undefined) file.section("connection").add("interface-name", name);
  if (pattern !== undefined && isGlob(pattern)) file.section("match").add("interface-name", keyfileList([pattern]));
  file.section("match").add("driver", keyfileList(drivers));
}

/** The section of the device's kind. Source: nm-settings-keyfile(5). */
export function addDevice(job: KeyfileJob, type: string): void {
  const { device, settings, file } = job;
  const section = file.section(type);
  addHardware(job, type);
  if (device.kind === "bonds") addBond(job, section);
  if (device.kind === "bridges") addBridge(job, section);
  if (device.kind === "vlans") {
    section.add("id", settings.number("id"));
    section.add("parent", job.parent(settings.text("link") ?? ""));
  }
  if (device.kind === "vrfs") section.add("table", settings.number("table"));
  if (device.kind === "virtual-ethernets") section.add("peer", settings.text("peer"));
  if (device.kind === "tunnels") addTunnel(job, section, type);
  if (device.kind === "modems") addModem(job, section);
  if (device.kind === "wifis") addWirelessDevice(job, section);
  if (device.kind === "ethernets" && settings.has("auth")) addAuthentication(job, settings.section("auth"));
  settings.raw("interfaces");
}

const offloads = [
  ["receive-checksum-offload", "feature-rx"],
  ["transmit-checksum-offload", "feature-tx"],
  ["tcp-segmentation-offload", "feature-tso"],
  ["tcp6-segmentation-offload", "feature-tx-tcp6-segmentation"],
  ["generic-segmentation-offload", "feature-gso"],
  ["generic-receive-offload", "feature-gro"],
  ["large-receive-offload", "feature-lro"],
] as const;

function addHardware(job: KeyfileJob, type: string): void {
  const { device, settings, file } = job;
  const hasOwnMtu = ["infiniband", "loopback", "wifi", "wireguard", "ip-tunnel", "gsm", "cdma"].includes(type);
  const hardware = file.section(hasOwnMtu ? type : "ethernet");
  hardware.add("mtu", settings.number("mtu"));
  const mac = settings.text("macaddress");
  const value = mac === undefined ? undefined : (parseMac(mac)?.toUpperCase() ?? mac);
  if (type === "bridge") file.section("bridge").add("mac-address", value);
  else if (value !== undefined) {
    file.section(type === "wifi" ? "wifi" : "ethernet").add("cloned-mac-address", value);
  }
  if (type === "infiniband") file.section(type).add("transport-mode", settings.text("infiniband-mode") ?? "datagram");
  if (!isPhysical(device)) return;
  // NM_SETTING_WIRED_WAKE_ON_LAN_MAGIC
  if (settings.flag("wakeonlan") === true && type === "ethernet") hardware.add("wake-on-lan", 0x40);
  for (const [key, feature] of offloads) {
    const flag = settings.flag(key);
    if (flag !== undefined) file.section("ethtool").add(feature, String(flag));
  }
  file.section("sriov").add("total-vfs", settings.number("virtual-function-count"));
}

/** What the device is as the port of another. */
export function addPort({ device, settings, master, file, reference }: KeyfileJob): void {
  if (master === undefined) return;
  const connection = file.section("connection");
  connection.add("slave-type", types[master.kind]);
  connection.add("master", reference(master.id));
  if (master.kind !== "bridges") return;
  const numbers = parametersOf(master);
  const numberOf = (key: string): string | undefined => numbers?.pairs(key).find(([port]) => port === device.id)?.[1];
  const port = file.section("bridge-port");
  port.add("path-cost", numberOf("path-cost"));
  port.add("priority", numberOf("port-priority"));
  const hairpin = settings.flag("hairpin");
  if (hairpin !== undefined) port.add("hairpin-mode", String(hairpin));
}

function addBond(job: KeyfileJob, bond: IniSection): void {
  const parameters = job.settings.section("parameters");
  if (parameters === undefined) return;
  const either = (first: string, second: string): string => (parameters.has(first) ? first : second);
  const whole = (key: string, unit: "ms" | "s"): number | undefined => {
    const value = wholeDuration(parameters, key, unit);
    if (value === undefined || !Number.isNaN(value)) return value;
    refuse(job, parameters.at(key), `it takes whole ${unit === "ms" ? "milliseconds" : "seconds"}`);
    return undefined;
  };
  const allActive = parameters.flag(either("all-members-active", "all-slaves-active"));
  bond.add("mode", parameters.text("mode"));
  bond.add("lacp_rate", parameters.text("lacp-rate"));
  bond.add("miimon", whole("mii-monitor-interval", "ms"));
  bond.add("min_links", parameters.number("min-links"));
  bond.add("xmit_hash_policy", parameters.text("transmit-hash-policy"));
  bond.add("ad_select", parameters.text("ad-select"));
  bond.add("all_slaves_active", allActive === undefined ? undefined : Number(allActive));
  bond.add("arp_interval", whole("arp-interval", "ms"));
  bond.add("arp_ip_target", parameters.texts("arp-ip-targets").join(",") || undefined);
  bond.add("arp_validate", parameters.text("arp-validate"));
  bond.add("arp_all_targets", parameters.text("arp-all-targets"));
  bond.add("updelay", whole("up-delay", "ms"));
  bond.add("downdelay", whole("down-delay", "ms"));
  bond.add("fail_over_mac", parameters.text("fail-over-mac-policy"));
  bond.add("num_grat_arp", parameters.number(either("gratuitous-arp", "gratuitious-arp")));
  bond.add("packets_per_slave", parameters.number(either("packets-per-member", "packets-per-slave")));
  bond.add("primary_reselect", parameters.text("primary-reselect-policy"));
  bond.add("resend_igmp", parameters.number("resend-igmp"));
  bond.add("lp_interval", whole("learn-packet-interval", "s"));
  const primary = parameters.text("primary");
  bond.add("primary", primary === undefined ? undefined : job.interfaceOf(primary));
}

function addBridge(job: KeyfileJob, bridge: IniSection): void {
  const parameters = job.settings.section("parameters");
  if (parameters === undefined) return;
  const seconds = (key: string): number | undefined => {
    const value = wholeDuration(parameters, key, "s");
    if (value === undefined || !Number.isNaN(value)) return value;
    refuse(job, parameters.at(key), "it takes whole seconds");
    return undefined;
  };
  const stp = parameters.flag("stp");
  bridge.add("stp", stp === undefined ? undefined : String(stp));
  bridge.add("priority", parameters.number("priority"));
  bridge.add("ageing-time", seconds(parameters.has("ageing-time") ? "ageing-time" : "aging-time"));
  bridge.add("forward-delay", seconds("forward-delay"));
  bridge.add("hello-time", seconds("hello-time"));
  bridge.add("max-age", seconds("max-age"));
  // The ports say their numbers.
  parameters.raw("path-cost");
  parameters.raw("port-priority");
}

function addTunnel(job: KeyfileJob, section: IniSection, type: string): void {
  const { settings } = job;
  if (type === "wireguard") addWireguard(job, section);
  else if (type === "vxlan") addVxlan(job, section);
  else {
    section.add("mode", tunnelModes.indexOf(settings.text("mode") ?? ""));
    section.add("local", settings.text("local"));
    section.add("remote", settings.text("remote"));
    section.add("ttl", settings.number("ttl"));
    section.add("input-key", numericKey(keyOf(settings, "input").text));
    section.add("output-key", numericKey(keyOf(settings, "output").text));
  }
}

/** Keys may be written like an IPv4 address, but not for NetworkManager. */
function numericKey(text: string | undefined): string | undefined {
  const address = text === undefined ? undefined : parseAddress(text);
  return address === undefined ? text : String(address.value);
}

/** Source: NMSettingSecretFlags. */
const keyFlags: Readonly<Record<string, number>> = { "agent-owned": 1, "not-saved": 2, "not-required": 4 };

function addWireguard(job: KeyfileJob, section: IniSection): void {
  const { settings, file } = job;
  const key = keyOf(settings, "private");
  if (key.text !== undefined && !isWireguardKey(key.text)) refuse(job, key.at, "it takes the key itself, not a file");
  else section.add("private-key", key.text);
  const flags = settings.section(settings.has("keys") ? "keys" : "key")?.texts("private-key-flags") ?? [];
  if (flags.length > 0)
    section.add(
      "private-key-flags",
      flags.reduce((sum, flag) => sum + (keyFlags[flag] ?? 0), 0),
    );
  const port = settings.text("port");
  section.add("listen-port", port === "auto" ? undefined : port);
  section.add("fwmark", settings.number("mark"));
  for (const peer of settings.sections("peers")) {
    const keys = peer.section("keys");
    const own = file.addSection(`wireguard-peer.${keys?.text("public")}`);
    own.add("endpoint", peer.text("endpoint"));
    const shared = keys?.text("shared");
    if (shared !== undefined && !isWireguardKey(shared)) {
      refuse(job, keys?.at("shared") ?? "", "it takes the key itself, not a file");
    } else if (shared !== undefined) {
      own.add("preshared-key", shared);
      own.add("preshared-key-flags", 0);
    }
    own.add("persistent-keepalive", peer.number("keepalive"));
    own.add("allowed-ips", keyfileList(peer.texts("allowed-ips")));
  }
}

function addVxlan(job: KeyfileJob, section: IniSection): void {
  const { settings } = job;
  const flag = (key: string): string | undefined => {
    const value = settings.flag(key);
    return value === undefined ? undefined : String(value);
  };
  const notifications = settings.texts("notifications");
  const [low, high] = settings.texts("port-range");
  const [link, port] = [settings.text("link"), settings.text("port")];
  section.add("id", settings.number("id"));
  section.add("parent", link === undefined ? undefined : job.parent(link));
  section.add("local", settings.text("local"));
  section.add("remote", settings.text("remote"));
  section.add("tos", settings.number("type-of-service"));
  section.add("ttl", settings.number("ttl"));
  section.add("learning", flag("mac-learning"));
  section.add("ageing", settings.number(settings.has("ageing") ? "ageing" : "aging"));
  section.add("limit", settings.number("limit"));
  section.add("proxy", flag("arp-proxy"));
  section.add("rsc", flag("short-circuit"));
  if (notifications.includes("l2-miss")) section.add("l2-miss", "true");
  if (notifications.includes("l3-miss")) section.add("l3-miss", "true");
  section.add("destination-port", port === "auto" ? undefined : port);
  section.add("source-port-min", low);
  section.add("source-port-max", high);
}

/** `networkmanager`: settings that are written as they stand, last, so that they go before all others. */
export function addOwnSettings({ settings, file }: KeyfileJob): void {
  const own = settings.section("networkmanager");
  if (own === undefined) return;
  const connection = file.section("connection");
  for (const [key, name] of [
    ["name", "id"],
    ["uuid", "uuid"],
    ["stable-id", "stable-id"],
    ["device", "interface-name"],
  ] as const) {
    const text = own.text(key);
    if (text !== undefined) connection.set(name, keyfileText(text));
  }
  for (const [path, value] of own.pairs("passthrough")) {
    // Names of sections may have dots and those of keys may not, but for traffic control it is the other way round.
    const dot = path.startsWith("tc.") ? 2 : path.lastIndexOf(".");
    file.section(path.slice(0, dot)).set(path.slice(dot + 1), value);
  }
}
