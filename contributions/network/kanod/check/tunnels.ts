import type { Finding } from "kanod-configure";
import { parseAddress, parsePrefix, shown } from "kanod-configure";
import { settingsOf } from "../model/network.ts";
import type { Settings } from "../model/settings.ts";
import { error, type Rule, warning } from "./context.ts";

/** Modes whose outer packets are IPv6. */
const outerIpv6 = ["ipip6", "ip6ip6", "ip6gre", "ip6gretap", "vti6"];
/** Modes that know keys. Source: systemd.netdev(5), section [Tunnel]. */
const keyedModes = ["vti", "vti6", "gre", "ip6gre", "gretap", "ip6gretap", "wireguard"];
/** Words that systemd-networkd takes for `local`. Source: systemd.netdev(5). */
const localWords = ["any", "ipv4_link_local", "ipv6_link_local", "dhcp4", "dhcp6", "slaac", "dhcp_pd"];

/** Tunnels have the ends and keys that their mode needs. */
export const tunnels: Rule = ({ network }) =>
  network.devices.flatMap((device) => {
    if (device.kind !== "tunnels") return [];
    const settings = settingsOf(device);
    const mode = settings.text("mode") ?? "";
    const both = settings.has("key") && settings.has("keys");
    return [
      ...(mode === "wireguard" ? wireguard(settings) : ends(settings, mode)),
      ...(mode === "vxlan" ? vxlan(settings) : []),
      ...(mode === "wireguard" ? [] : numberKeys(settings, mode)),
      ...(both ? [error("exclusive-keys", settings.at("keys"), "key and keys say the same", { atKey: true })] : []),
    ];
  });

/** The key of a tunnel, which may be written in two ways. */
export function keyOf(settings: Settings, part: "input" | "output" | "private"): { text?: string; at: string } {
  const name = settings.has("keys") && !settings.has("key") ? "keys" : "key";
  const section = settings.section(name);
  if (section === undefined) return { ...textOf(settings.text(name)), at: settings.at(name) };
  return { ...textOf(section.text(part)), at: section.at(part) };
}

function textOf(text: string | undefined): { text?: string } {
  return text === undefined ? {} : { text };
}

function ends(settings: Settings, mode: string): Finding[] {
  const findings: Finding[] = [];
  if (!settings.has("remote") && mode !== "vxlan") {
    findings.push(error("missing-remote", settings.pointer, `a tunnel of the mode ${mode} needs \`remote\``));
  }
  const asked = mode === "vxlan" ? undefined : outerIpv6.includes(mode) ? 6 : 4;
  const families = (["local", "remote"] as const).flatMap((key) => {
    const text = settings.text(key);
    if (text === undefined || (key === "local" && localWords.includes(text))) return [];
    const family = parseAddress(text)?.family;
    if (family === undefined) findings.push(error("bad-address", settings.at(key), `${shown(text)} is no address`));
    else if (asked !== undefined && family !== asked) {
      const message = `a tunnel of the mode ${mode} has ends of IPv${asked}, and ${shown(text)} is none`;
      findings.push(error("family-mismatch", settings.at(key), message));
    }
    return family ?? [];
  });
  if (asked === undefined && new Set(families).size > 1) {
    findings.push(error("family-mismatch", settings.at("remote"), "`local` and `remote` are of different families"));
  }
  return findings;
}

function vxlan(settings: Settings): Finding[] {
  const [low = 0, high = 0] = settings.texts("port-range").map(Number);
  return [
    ...(settings.has("id") ? [] : [error("missing-key", settings.pointer, "a VXLAN needs `id`", { atKey: true })]),
    ...(low > high ? [error("bad-port-range", settings.at("port-range"), "the first port is above the last")] : []),
  ];
}

function numberKeys(settings: Settings, mode: string): Finding[] {
  const name = settings.has("keys") ? "keys" : "key";
  if (!settings.has(name)) return [];
  if (!keyedModes.includes(mode)) {
    return [error("tunnel-without-key", settings.at(name), `a tunnel of the mode ${mode} has no key`, { atKey: true })];
  }
  return (["input", "output"] as const).flatMap((part, index) => {
    const { text, at } = keyOf(settings, part);
    if (text === undefined || isTunnelKey(text) || (index > 0 && !settings.section(name))) return [];
    return [error("bad-tunnel-key", at, "the key of a tunnel is a number below 2^32 or a dotted quad")];
  });
}

function isTunnelKey(text: string): boolean {
  return (/^\d+$/.test(text) && Number(text) < 2 ** 32) || parseAddress(text)?.family === 4;
}

function wireguard(settings: Settings): Finding[] {
  const key = keyOf(settings, "private");
  const section = settings.section(settings.has("keys") ? "keys" : "key");
  const findings: Finding[] = [];
  if (key.text === undefined && section?.has("private-key-flags") !== true) {
    findings.push(error("missing-private-key", settings.pointer, "WireGuard needs a private key: `key`"));
  } else if (key.text !== undefined && !isKeyOrFile(key.text)) {
    findings.push(error("bad-wireguard-key", key.at, "a private key is 32 bytes in base64, or the path of a file"));
  }
  const peers = settings.sections("peers");
  if (peers.length === 0) findings.push(warning("no-peers", settings.pointer, "without peers nothing gets through"));
  return [...findings, ...peers.flatMap((peer) => wireguardPeer(peer))];
}

function wireguardPeer(peer: Settings): Finding[] {
  const keys = peer.section("keys");
  const [publicKey = "", shared] = [keys?.text("public"), keys?.text("shared")];
  const endpoint = peer.text("endpoint");
  const networks = peer.texts("allowed-ips").flatMap((text, index) => {
    if (parsePrefix(text) !== undefined) return [];
    const at = `${peer.at("allowed-ips")}/${index}`;
    const family = parseAddress(text)?.family;
    if (family === undefined) return [error("bad-address", at, `${shown(text)} is no network`)];
    // WireGuard takes it for a single address, and netplan refuses it.
    const hint = `for this address alone ${text}/${family === 6 ? 128 : 32}`;
    return [error("missing-prefix-length", at, `${shown(text)} has no prefix length`, { hint })];
  });
  const at = (key: string): string => keys?.at(key) ?? peer.pointer;
  return [
    ...networks,
    ...(isWireguardKey(publicKey) ? [] : [error("bad-wireguard-key", at("public"), "this is no WireGuard key")]),
    ...(shared === undefined || isKeyOrFile(shared)
      ? []
      : [error("bad-wireguard-key", at("shared"), "a shared key is 32 bytes in base64, or the path of a file")]),
    ...(endpoint === undefined || isEndpoint(endpoint)
      ? []
      : [error("bad-endpoint", peer.at("endpoint"), `${shown(endpoint)} is not of the form HOST:PORT`)]),
    ...(peer.texts("allowed-ips").length > 0
      ? []
      : [warning("no-allowed-ips", peer.pointer, "without `allowed-ips` nothing gets through to this peer")]),
  ];
}

export function isWireguardKey(text: string): boolean {
  return /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(text);
}

function isKeyOrFile(text: string): boolean {
  return text.startsWith("/") || isWireguardKey(text);
}

function isEndpoint(text: string): boolean {
  const [, host = "", port = "0"] = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(text) ?? [];
  const isAddress = host.startsWith("[") ? parseAddress(host.slice(1, -1))?.family === 6 : host !== "";
  return isAddress && Number(port) > 0 && Number(port) < 65536;
}
