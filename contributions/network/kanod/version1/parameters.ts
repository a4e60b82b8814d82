import { isMapping } from "kanod-configure";
import { readFlag } from "../model/settings.ts";

/**
 * What a parameter of a version 1 bond or bridge is in version 2: where it goes and how its value is read (undefined: a
 * bad value). `implied` is said by the rest of the configuration, `only-ifupdown` has no meaning for anything else.
 */
export type Parameter = "implied" | "only-ifupdown" | { path: readonly string[]; read: (value: unknown) => unknown };

/** The kernel's names for the numbers of an option. Source: Linux, Documentation/networking/bonding.rst. */
const modes = [
  "balance-rr",
  "active-backup",
  "balance-xor",
  "broadcast",
  "802.3ad",
  "balance-tlb",
  "balance-alb",
  "balance-tcp",
  "balance-slb",
];

/** By the name without `bond-`, with hyphens. */
export const bondParameters: Readonly<Record<string, Parameter>> = {
  mode: word("mode", modes, 7),
  miimon: count("mii-monitor-interval"),
  "min-links": count("min-links"),
  "lacp-rate": word("lacp-rate", ["slow", "fast"]),
  "ad-select": word("ad-select", ["stable", "bandwidth", "count"]),
  "all-slaves-active": flag("all-slaves-active"),
  "arp-interval": count("arp-interval"),
  "arp-ip-target": { path: ["parameters", "arp-ip-targets"], read: addressList },
  "arp-validate": word("arp-validate", ["none", "active", "backup", "all"]),
  "arp-all-targets": word("arp-all-targets", ["any", "all"]),
  updelay: count("up-delay"),
  downdelay: count("down-delay"),
  "fail-over-mac": word("fail-over-mac-policy", ["none", "active", "follow"]),
  "num-grat-arp": count("gratuitous-arp"),
  "num-unsol-na": count("gratuitous-arp"),
  "packets-per-slave": count("packets-per-slave"),
  primary: { path: ["parameters", "primary"], read: (value) => (typeof value === "string" ? value : undefined) },
  "primary-reselect": word("primary-reselect-policy", ["always", "better", "failure"]),
  "resend-igmp": count("resend-igmp"),
  "lp-interval": count("learn-packet-interval"),
  "learn-packet-interval": count("learn-packet-interval"),
  "xmit-hash-policy": word("transmit-hash-policy", [
    "layer2",
    "layer3+4",
    "layer2+3",
    "encap2+3",
    "encap3+4",
    "vlan+srcmac",
  ]),
  slaves: "implied",
};

/** By the name without `bridge_`, with hyphens. */
export const bridgeParameters: Readonly<Record<string, Parameter>> = {
  ageing: count("ageing-time"),
  bridgeprio: count("priority"),
  fd: count("forward-delay"),
  hello: count("hello-time"),
  maxage: count("max-age"),
  stp: flag("stp"),
  pathcost: { path: ["parameters", "path-cost"], read: (value) => portNumbers(value, Number.POSITIVE_INFINITY) },
  portprio: { path: ["parameters", "port-priority"], read: (value) => portNumbers(value, 63) },
  hw: { path: ["macaddress"], read: (value) => (typeof value === "string" ? value.toLowerCase() : undefined) },
  ports: "implied",
  gcint: "only-ifupdown",
  maxwait: "only-ifupdown",
  waitport: "only-ifupdown",
};

/** A number, which may be written as text. */
function count(key: string): Parameter {
  return {
    path: ["parameters", key],
    read: (value) => (/^\d+$/.test(String(value)) ? Number(value) : undefined),
  };
}

/** One of the words, or (of the first `numbered` ones) its number. */
function word(key: string, words: readonly string[], numbered = words.length): Parameter {
  return {
    path: ["parameters", key],
    read: (value) => {
      const text = String(value);
      return words.includes(text) ? text : words.slice(0, numbered)[/^\d+$/.test(text) ? Number(text) : -1];
    },
  };
}

function flag(key: string): Parameter {
  return {
    path: ["parameters", key],
    read: (value) => (value === 1 || value === "1" ? true : value === 0 || value === "0" ? false : readFlag(value)),
  };
}

function addressList(value: unknown): string[] | undefined {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === "string" ? value.split(/[\s,]+/).filter(Boolean) : undefined;
}

/** `["eth0 50", "eth1 75"]`, or a mapping. */
function portNumbers(value: unknown, largest: number): Record<string, number> | undefined {
  const pairs = isMapping(value)
    ? Object.entries(value).map(([port, number]) => [port, String(number)])
    : (Array.isArray(value) ? value : [value]).map((item) => String(item).trim().split(/\s+/));
  if (!pairs.every((pair) => pair.length === 2 && /^\d+$/.test(pair[1] ?? "") && Number(pair[1]) <= largest))
    return undefined;
  return Object.fromEntries(pairs.map(([port, number]) => [port, Number(number)]));
}
