import { isMulticast, parseAddress, parseMac } from "kanod-configure";
import { isWireguardKey, keyOf } from "../../check/tunnels.ts";
import { settingsOf } from "../../model/network.ts";
import type { Settings } from "../../model/settings.ts";
import { duration } from "../duration.ts";
import { cannotExpress } from "../expressible.ts";
import { fileHeader, IniFile, type IniSection } from "../ini.ts";
import type { NetworkdJob } from "./job.ts";

/** How a device is made. Undefined for the end of a cable whose other end makes it. Source: systemd.netdev(5). */
export function netdevFile(job: NetworkdJob): string | undefined {
  const { device, settings } = job;
  const file = new IniFile();
  const netdev = file.section("NetDev");
  netdev.add("Name", device.id);
  netdev.add("Kind", kindOf(job));
  netdev.add("MTUBytes", settings.number("mtu"));
  netdev.add("MACAddress", parseMac(String(device.values["macaddress"] ?? "")));
  if (device.kind === "bonds") addBond(file.section("Bond"), settings.section("parameters"));
  if (device.kind === "bridges") addBridge(file.section("Bridge"), settings.section("parameters"));
  if (device.kind === "vlans") {
    file.section("VLAN").add("Id", settings.number("id"));
    settings.raw("link");
  }
  if (device.kind === "vrfs") file.section("VRF").add("Table", settings.number("table"));
  if (device.kind === "tunnels") addTunnel(file, job);
  if (device.kind === "virtual-ethernets") {
    const peer = settings.text("peer") ?? "";
    file.section("Peer").add("Name", peer);
    if (peer < device.id) return undefined;
  }
  settings.raw("interfaces");
  return file.text(fileHeader);
}

const kinds: Readonly<Record<string, string>> = {
  bonds: "bond",
  bridges: "bridge",
  vlans: "vlan",
  vrfs: "vrf",
  "dummy-devices": "dummy",
  "virtual-ethernets": "veth",
};

const tunnelKinds: Readonly<Record<string, string>> = { ipip6: "ip6tnl", ip6ip6: "ip6tnl", isatap: "sit" };

function kindOf({ device, settings }: NetworkdJob): string {
  const mode = settings.text("mode") ?? "";
  return kinds[device.kind] ?? tunnelKinds[mode] ?? mode;
}

function addBond(bond: IniSection, parameters: Settings | undefined): void {
  if (parameters === undefined) return;
  const either = (first: string, second: string): string => (parameters.has(first) ? first : second);
  bond.add("Mode", parameters.text("mode"));
  bond.add("LACPTransmitRate", parameters.text("lacp-rate"));
  bond.add("MIIMonitorSec", duration(parameters, "mii-monitor-interval", "ms"));
  bond.add("MinLinks", parameters.number("min-links"));
  bond.add("TransmitHashPolicy", parameters.text("transmit-hash-policy"));
  bond.add("AdSelect", parameters.text("ad-select"));
  bond.add("AllSlavesActive", parameters.flag(either("all-members-active", "all-slaves-active")));
  bond.add("ARPIntervalSec", duration(parameters, "arp-interval", "ms"));
  bond.add("ARPIPTargets", parameters.texts("arp-ip-targets").join(" ") || undefined);
  bond.add("ARPValidate", parameters.text("arp-validate"));
  bond.add("ARPAllTargets", parameters.text("arp-all-targets"));
  bond.add("UpDelaySec", duration(parameters, "up-delay", "ms"));
  bond.add("DownDelaySec", duration(parameters, "down-delay", "ms"));
  bond.add("FailOverMACPolicy", parameters.text("fail-over-mac-policy"));
  bond.add("GratuitousARP", parameters.number(either("gratuitous-arp", "gratuitious-arp")));
  bond.add("PacketsPerSlave", parameters.number(either("packets-per-member", "packets-per-slave")));
  bond.add("PrimaryReselectPolicy", parameters.text("primary-reselect-policy"));
  bond.add("ResendIGMP", parameters.number("resend-igmp"));
  bond.add("LearnPacketIntervalSec", duration(parameters, "learn-packet-interval", "s"));
  // The port says that it is the primary one.
  parameters.raw("primary");
}

function addBridge(bridge: IniSection, parameters: Settings | undefined): void {
  if (parameters === undefined) return;
  const ageing = parameters.has("ageing-time") ? "ageing-time" : "aging-time";
  bridge.add("AgeingTimeSec", duration(parameters, ageing, "s"));
  bridge.add("Priority", parameters.number("priority"));
  bridge.add("ForwardDelaySec", duration(parameters, "forward-delay", "s"));
  bridge.add("HelloTimeSec", duration(parameters, "hello-time", "s"));
  bridge.add("MaxAgeSec", duration(parameters, "max-age", "s"));
  bridge.add("STP", parameters.flag("stp"));
  // The ports say their numbers.
  parameters.raw("path-cost");
  parameters.raw("port-priority");
}

function addTunnel(file: IniFile, job: NetworkdJob): void {
  const mode = job.settings.text("mode");
  if (mode === "wireguard") addWireguard(file, job);
  else if (mode === "vxlan") addVxlan(file.section("VXLAN"), job.settings);
  else addIpTunnel(file.section("Tunnel"), job.settings, mode ?? "");
}

function addIpTunnel(tunnel: IniSection, settings: Settings, mode: string): void {
  tunnel.add("Independent", true);
  if (tunnelKinds[mode] === "ip6tnl") tunnel.add("Mode", mode);
  if (mode === "isatap") tunnel.add("ISATAP", true);
  tunnel.add("Local", settings.text("local"));
  tunnel.add("Remote", settings.text("remote"));
  tunnel.add("TTL", settings.number("ttl"));
  tunnel.add("InputKey", keyOf(settings, "input").text);
  tunnel.add("OutputKey", keyOf(settings, "output").text);
}

function addWireguard(file: IniFile, { settings, findings }: NetworkdJob): void {
  const wireguard = file.section("WireGuard");
  const key = keyOf(settings, "private");
  if (key.text === undefined) findings.push(cannotExpress("networkd", key.at, "WireGuard needs a private key"));
  else wireguard.add(isWireguardKey(key.text) ? "PrivateKey" : "PrivateKeyFile", key.text);
  wireguard.add("ListenPort", settings.text("port"));
  wireguard.add("FirewallMark", settings.number("mark"));
  for (const peer of settings.sections("peers")) {
    const section = file.addSection("WireGuardPeer");
    const keys = peer.section("keys");
    const shared = keys?.text("shared");
    section.add("PublicKey", keys?.text("public"));
    section.add("AllowedIPs", peer.texts("allowed-ips").join(",") || undefined);
    section.add("PersistentKeepalive", peer.number("keepalive"));
    section.add("Endpoint", peer.text("endpoint"));
    if (shared !== undefined) section.add(isWireguardKey(shared) ? "PresharedKey" : "PresharedKeyFile", shared);
  }
}

const vxlanFlags: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  notifications: [
    ["l2-miss", "L2MissNotification"],
    ["l3-miss", "L3MissNotification"],
  ],
  checksums: [
    ["udp", "UDPChecksum"],
    ["zero-udp6-tx", "UDP6ZeroChecksumTx"],
    ["zero-udp6-rx", "UDP6ZeroChecksumRx"],
    ["remote-tx", "RemoteChecksumTx"],
    ["remote-rx", "RemoteChecksumRx"],
  ],
  extensions: [
    ["group-policy", "GroupPolicyExtension"],
    ["generic-protocol", "GenericProtocolExtension"],
  ],
};

function addVxlan(vxlan: IniSection, settings: Settings): void {
  const remote = settings.text("remote");
  const group = remote === undefined ? undefined : parseAddress(remote);
  vxlan.add("VNI", settings.number("id"));
  vxlan.add(group !== undefined && isMulticast(group) ? "Group" : "Remote", remote);
  vxlan.add("Local", settings.text("local"));
  vxlan.add("TOS", settings.number("type-of-service"));
  vxlan.add("TTL", settings.number("ttl"));
  vxlan.add("MacLearning", settings.flag("mac-learning"));
  vxlan.add("FDBAgeingSec", settings.number(settings.has("ageing") ? "ageing" : "aging"));
  vxlan.add("MaximumFDBEntries", settings.number("limit"));
  vxlan.add("ReduceARPProxy", settings.flag("arp-proxy"));
  vxlan.add("RouteShortCircuit", settings.flag("short-circuit"));
  for (const [key, flags] of Object.entries(vxlanFlags)) {
    const wanted = settings.texts(key);
    for (const [word, name] of flags) if (wanted.includes(word)) vxlan.add(name, true);
  }
  const port = settings.text("port");
  vxlan.add("DestinationPort", port === "auto" ? undefined : port);
  vxlan.add("PortRange", settings.texts("port-range").join("-") || undefined);
  vxlan.add("FlowLabel", settings.number("flow-label"));
  vxlan.add("IPDoNotFragment", settings.flag("do-not-fragment"));
  if (settings.text("link") === undefined) vxlan.add("Independent", true);
}

/** Of a bond or bridge: its parameters, for its ports. */
export function parametersOf(device: Parameters<typeof settingsOf>[0]): Settings | undefined {
  return settingsOf(device).section("parameters");
}
