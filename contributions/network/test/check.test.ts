import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { SystemSettings } from "../../../src/agent/contribution.ts";
import { createValidator } from "../../../src/config/generate-validators.ts";
import type { JsonSchema } from "../../../src/config/schema.ts";
import { positionFindings, validateDocument } from "../../../src/config/validate.ts";
import { parseYaml } from "../../../src/config/yaml.ts";
import { corpusFiles } from "../../../test/support/corpus.ts";
import { checkNetworkSections, type NetworkSections } from "../kanod/check/sections.ts";

const schema = parseYaml(readFileSync(new URL("../schema.yaml", import.meta.url)), "schema.yaml").value as JsonSchema;
const validator = createValidator(schema);

/** All that is found in a configuration, as `LINE:COLUMN SEVERITY[CODE]`, in the order of the text. */
function problemsOf(text: string, system: SystemSettings = {}): string[] {
  const document = parseYaml(text, "configuration.yaml");
  const bySchema = [...document.problems, ...validateDocument(document, { schema, validator })];
  const problems =
    bySchema.length > 0
      ? bySchema
      : positionFindings(document, checkNetworkSections(document.value as NetworkSections, system).findings);
  return problems.map(({ severity, code, source }) => `${source?.line}:${source?.column} ${severity}[${code}]`);
}

/** The text without its marks, and the places of the marks: a `»` stands before what a problem is about. */
function marked(text: string): { text: string; places: string[] } {
  const lines = text.split("\n");
  const places = lines.flatMap((line, index) => {
    const parts = line.split("»").slice(0, -1);
    return parts.map((_, part) => `${index + 1}:${parts.slice(0, part + 1).join("").length + 1}`);
  });
  return { text: lines.map((line) => line.replaceAll("»", "")).join("\n"), places };
}

/** A configuration with these sections of `network`, each line of which may have marks. */
function version2(sections: string): string {
  return `network:\n  version: 2\n${sections.replace(/^(?=.)/gm, "  ").replace(/^\n/, "")}`;
}

function expectProblems(text: string, problems: readonly string[], system?: SystemSettings): void {
  const { text: plain, places } = marked(text);
  expect(places, "marks").toHaveLength(problems.length);
  expect(problemsOf(plain, system)).toEqual(places.map((place, index) => `${place} ${problems[index]}`));
}

type Case = readonly [problem: string, sections: string];

const key = "aPUcp5vHz8yMLrzk8SsDyYnV33IhE/k20e52iKJFV0A=";

const devices: readonly Case[] = [
  ["error[device-defined-twice]", "ethernets: {lan: {}}\nbridges: {»lan: {interfaces: []}}"],
  [
    "error[device-defined-twice]",
    'ethernets:\n  a: {match: {macaddress: "52:54:00:00:00:01"}, set-name: lan}\n  b: {match: {macaddress: "52:54:00:00:00:02"}, set-name: »lan}',
  ],
  ["error[bad-interface-name]", "bridges: {»a-name-that-is-too-long: {}}"],
  ["error[bad-interface-name]", 'bridges: {»"br/0": {}}'],
  ["error[bad-interface-name]", 'bridges: {»"br 0": {}}'],
  ["error[bad-interface-name]", 'ethernets: {lan: {match: {driver: ixgbe}, set-name: »"lan:0"}}'],
  ["error[bad-interface-name]", 'ethernets: {»"en*": {dhcp4: true}}'],
  ["error[bad-interface-name]", 'ethernets: {»"first port": {match: {name: eno1}}}'],
  ["error[bad-interface-name]", "bridges: {»brücke: {}}"],
  ["error[set-name-without-match]", "ethernets:\n  eno1:\n    »set-name: lan"],
  ["error[bad-mac-address]", 'ethernets: {eno1: {match: {macaddress: »"52:54:00:00:00"}}}'],
  ["error[bad-mac-address]", 'ethernets: {eno1: {macaddress: »"52:54:00:00:00:0g"}}'],
  ["error[bad-mac-address]", 'ethernets: {eno1: {match: {macaddress: »"52-54-00-00-00-01"}}}'],
  [
    "warning[same-match]",
    'ethernets:\n  a: {dhcp4: true, match: {macaddress: "52:54:00:00:00:01"}}\n  b: {dhcp4: true, match: {macaddress: »"52:54:00:00:00:01"}}',
  ],
  ["error[unknown-device]", "ethernets: {eno1: {}}\nbonds: {bond0: {interfaces: [eno1, »eno2]}}"],
  ["error[unknown-device]", "bridges: {br0: {interfaces: [»eno1]}}"],
  ["error[unknown-device]", "vrfs: {blue: {table: 100, interfaces: [»eno1]}}"],
  ["error[unknown-device]", "vlans: {v: {id: 5, link: »eno1}}"],
  ["error[unknown-device]", "tunnels: {v: {mode: vxlan, id: 5, link: »eno1}}"],
  ["error[unknown-device]", "ethernets: {vf: {link: »eno1}}"],
  ["error[unknown-device]", "virtual-ethernets: {a: {peer: »b}}"],
  [
    "error[unknown-device]",
    "ethernets: {eno1: {}}\nbridges:\n  br0:\n    interfaces: [eno1]\n    parameters: {path-cost: {»eno2: 10}}",
  ],
  [
    "error[unknown-device]",
    "ethernets: {eno1: {}}\nbonds:\n  bond0:\n    interfaces: [eno1]\n    parameters: {mode: active-backup, primary: »eno2}",
  ],
  [
    "error[two-masters]",
    "ethernets: {eno1: {}}\nbonds: {b: {interfaces: [eno1]}}\nbridges: {c: {interfaces: [»eno1]}}",
  ],
  ["error[device-loop]", "bridges:\n  a: {interfaces: [b]}\n  »b: {interfaces: [a]}"],
  ["error[bad-peer]", "ethernets: {eno1: {}}\nvirtual-ethernets: {a: {peer: »eno1}}"],
  ["error[missing-connection-type]", "nm-devices: {x: {»networkmanager: {passthrough: {connection.id: x}}}}"],
  ["error[bad-physical-function]", "bridges: {br0: {}}\nethernets: {vf: {link: »br0}}"],
];

const addresses: readonly Case[] = [
  ["error[bad-address]", "ethernets: {eno1: {addresses: [»192.0.2.300/24]}}"],
  ["error[bad-address]", "ethernets: {eno1: {addresses: [»224.0.0.1/24]}}"],
  ["error[missing-prefix-length]", "ethernets: {eno1: {addresses: [»192.0.2.1]}}"],
  ["error[bad-prefix-length]", "ethernets: {eno1: {addresses: [»192.0.2.1/33]}}"],
  ["error[bad-prefix-length]", 'ethernets: {eno1: {addresses: [»"2001:db8::1/129"]}}'],
  ["error[bad-prefix-length]", "ethernets: {eno1: {addresses: [»192.0.2.1/0]}}"],
  ["warning[duplicate-address]", "ethernets:\n  a: {addresses: [192.0.2.1/24]}\n  b: {addresses: [»192.0.2.1/25]}"],
  ["warning[label-without-effect]", 'ethernets: {eno1: {addresses: [{"2001:db8::1/64": {»label: "eno1:x"}}]}}'],
  ["warning[deprecated-gateway]", "ethernets:\n  eno1:\n    addresses: [192.0.2.2/24]\n    »gateway4: 192.0.2.1"],
  [
    "warning[deprecated-gateway]",
    'ethernets:\n  eno1:\n    addresses: ["2001:db8::2/64"]\n    »gateway6: "2001:db8::1"',
  ],
  ["error[bad-address]", "ethernets: {eno1: {nameservers: {addresses: [192.0.2.53, »dns.example.org]}}}"],
  ["error[bad-address]", "ethernets: {eno1: {nameservers: {addresses: [»192.0.2.53/24]}}}"],
  ["error[mtu-too-small]", 'ethernets: {eno1: {addresses: ["2001:db8::1/64"], mtu: »1200}}'],
  ["error[mtu-too-small]", "ethernets: {eno1: {dhcp6: true, mtu: »1279}}"],
  ["error[bad-address]", "ethernets: {eno1: {ipv6-address-token: »192.0.2.1}}"],
  ["error[exclusive-keys]", 'ethernets: {eno1: {»ipv6-address-token: "::2", ipv6-address-generation: eui64}}'],
];

const texts: readonly Case[] = [
  ["error[bad-network-text]", 'ethernets: {eno1: {addresses: [{192.0.2.1/24: {label: »"a\\nb"}}]}}'],
  ["error[bad-network-text]", 'ethernets: {»"eno\\n1": {match: {name: eno1}}}'],
  ["error[bad-domain]", "ethernets: {eno1: {nameservers: {addresses: [192.0.2.53], search: [»-example.org]}}}"],
];

const uses: readonly Case[] = [
  ["warning[address-on-port]", "ethernets: {eno1: {»dhcp4: true}}\nbonds: {bond0: {interfaces: [eno1], dhcp4: true}}"],
  [
    "warning[address-on-port]",
    "ethernets: {eno1: {»addresses: [192.0.2.2/24]}}\nbridges: {br0: {interfaces: [eno1], dhcp4: true}}",
  ],
  ["warning[spare-interface]", "ethernets: {eno1: {dhcp4: true}, »eno2: {}}"],
  [
    "warning[vlan-mtu-above-link]",
    "ethernets: {a: {mtu: 1500}}\nvlans: {v: {id: 5, link: a, dhcp4: true, mtu: »9000}}",
  ],
  ["warning[vlan-mtu-above-link]", "ethernets: {a: {}}\nvlans: {v: {id: 5, link: a, dhcp4: true, mtu: »9000}}"],
];

const routes: readonly Case[] = [
  ["error[bad-address]", "ethernets: {eno1: {dhcp4: true, routes: [{to: »192.0.2.0/99, via: 192.0.2.1}]}}"],
  ["error[bad-address]", "ethernets: {eno1: {dhcp4: true, routes: [{to: default, via: »gateway}]}}"],
  ["error[bad-address]", "ethernets: {eno1: {routes: [{to: 192.0.2.0/24, scope: link, from: »here}]}}"],
  ["error[family-mismatch]", 'ethernets: {eno1: {accept-ra: true, routes: [{to: 192.0.2.0/24, via: »"2001:db8::1"}]}}'],
  ["error[route-without-gateway]", "ethernets: {eno1: {routes: [»{to: default}]}}"],
  [
    "warning[gateway-not-on-link]",
    "ethernets: {eno1: {addresses: [192.0.2.2/24], routes: [{to: default, via: »198.51.100.1}]}}",
  ],
  [
    "warning[two-default-routes]",
    "ethernets:\n  a: {addresses: [192.0.2.2/24], routes: [{to: default, via: 192.0.2.1}]}\n" +
      "  b: {addresses: [198.51.100.2/24], routes: [{to: »0.0.0.0/0, via: 198.51.100.1}]}",
  ],
  ["error[policy-without-selector]", "ethernets: {eno1: {routing-policy: [»{table: 101}]}}"],
  ["error[bad-address]", "ethernets: {eno1: {routing-policy: [{from: »here, table: 101}]}}"],
  [
    "error[family-mismatch]",
    'ethernets: {eno1: {routing-policy: [{from: 192.0.2.0/24, to: »"2001:db8::/64", table: 101}]}}',
  ],
  [
    "error[vrf-table-mismatch]",
    "ethernets: {eno1: {}}\nvrfs: {blue: {table: 100, interfaces: [eno1], routes: [{to: 192.0.2.0/24, via: 198.51.100.1, table: »101}]}}",
  ],
];

function bond(parameters: string): string {
  return `ethernets: {eno1: {}}\nbonds:\n  bond0:\n    interfaces: [eno1]\n    parameters: {${parameters}}`;
}

const bonds: readonly Case[] = [
  ["warning[bond-parameter-without-effect]", bond("mode: active-backup, mii-monitor-interval: 100, »lacp-rate: fast")],
  ["warning[bond-parameter-without-effect]", bond("mode: 802.3ad, »up-delay: 200")],
  ["error[bond-mode-needs-openvswitch]", bond("mode: »balance-slb")],
  ["error[bond-parameter-conflict]", bond("mode: 802.3ad, »arp-interval: 100, arp-ip-targets: [192.0.2.1]")],
  [
    "error[bond-parameter-conflict]",
    bond("mode: active-backup, mii-monitor-interval: 100, »arp-interval: 100, arp-ip-targets: [192.0.2.1]"),
  ],
  ["error[missing-arp-targets]", bond("mode: active-backup, »arp-interval: 100")],
  ["error[bad-address]", bond('mode: active-backup, arp-interval: 100, arp-ip-targets: [»"2001:db8::1"]')],
  ["error[exclusive-keys]", bond("mode: balance-rr, packets-per-member: 2, »packets-per-slave: 2")],
];

function tunnel(values: string): string {
  return `tunnels:\n  tun0: »{${values}}`;
}

const peer = `peers: [{keys: {public: ${key}}, allowed-ips: [192.0.2.0/24]}]`;

const tunnels: readonly Case[] = [
  ["error[missing-remote]", tunnel("mode: gre, local: 192.0.2.1")],
  ["error[bad-address]", "tunnels: {t: {mode: gre, local: 192.0.2.1, remote: »there}}"],
  ["error[family-mismatch]", 'tunnels: {t: {mode: gre, local: 192.0.2.1, remote: »"2001:db8::1"}}'],
  ["error[family-mismatch]", 'tunnels: {t: {mode: vxlan, id: 5, local: 192.0.2.1, remote: »"2001:db8::1"}}'],
  ["error[missing-key]", "tunnels: {»t: {mode: vxlan, local: 192.0.2.1}}"],
  ["error[bad-port-range]", "tunnels: {t: {mode: vxlan, id: 5, port-range: »[200, 100]}}"],
  ["error[tunnel-without-key]", "tunnels: {t: {mode: sit, remote: 192.0.2.1, »key: 5}}"],
  ["error[bad-tunnel-key]", "tunnels: {t: {mode: gre, remote: 192.0.2.1, key: »4294967296}}"],
  ["error[bad-tunnel-key]", "tunnels: {t: {mode: gre, remote: 192.0.2.1, keys: {input: 1, output: »one}}}"],
  ["error[exclusive-keys]", "tunnels: {t: {mode: gre, remote: 192.0.2.1, key: 1, »keys: {input: 1}}}"],
  ["error[missing-private-key]", tunnel(`mode: wireguard, ${peer}`)],
  ["error[bad-wireguard-key]", `tunnels: {t: {mode: wireguard, key: »secret, ${peer}}}`],
  ["warning[no-peers]", tunnel(`mode: wireguard, key: ${key}`)],
  [
    "error[bad-wireguard-key]",
    `tunnels: {t: {mode: wireguard, key: ${key}, peers: [{keys: {public: »none}, allowed-ips: [0.0.0.0/0]}]}}`,
  ],
  [
    "error[bad-wireguard-key]",
    `tunnels: {t: {mode: wireguard, key: ${key}, peers: [{keys: {public: ${key}, shared: »none}, allowed-ips: [0.0.0.0/0]}]}}`,
  ],
  ["warning[no-allowed-ips]", `tunnels: {t: {mode: wireguard, key: ${key}, peers: [»{keys: {public: ${key}}}]}}`],
  [
    "error[bad-address]",
    `tunnels: {t: {mode: wireguard, key: ${key}, peers: [{keys: {public: ${key}}, allowed-ips: [»all]}]}}`,
  ],
  [
    "error[missing-prefix-length]",
    `tunnels: {t: {mode: wireguard, key: ${key}, peers: [{keys: {public: ${key}}, allowed-ips: [»192.0.2.1]}]}}`,
  ],
  [
    "error[bad-endpoint]",
    `tunnels: {t: {mode: wireguard, key: ${key}, peers: [{keys: {public: ${key}}, allowed-ips: [0.0.0.0/0], endpoint: »"far:0"}]}}`,
  ],
];

const wifis: readonly Case[] = [
  ["error[bad-passphrase]", 'wifis: {wlan0: {access-points: {home: {password: »"short"}}}}'],
  [
    "error[bad-passphrase]",
    'wifis: {wlan0: {access-points: {home: {auth: {key-management: psk, password: »"short"}}}}}',
  ],
  ["error[bad-mac-address]", 'wifis: {wlan0: {access-points: {home: {password: "long enough", bssid: »here}}}}'],
  ["error[channel-without-band]", 'wifis: {wlan0: {access-points: {home: {password: "long enough", »channel: 7}}}}'],
];

const numbers: readonly Case[] = [
  [
    "warning[inexact-number]",
    "ethernets: {eno1: {dhcp4: true, dhcp4-overrides: {hostname: a}, networkmanager: {passthrough: {x.y: »12345678901234567890}}}}",
  ],
];

/** What the schema says: the ranges and words of single keys. */
const schemaCases: readonly Case[] = [
  ["error[too-large]", "ethernets: {eno1: {}}\nvlans: {v: {link: eno1, id: »4095}}"],
  ["error[too-small]", "ethernets: {eno1: {}}\nvlans: {v: {link: eno1, id: »-1}}"],
  ["error[too-small]", "ethernets: {eno1: {mtu: »67}}"],
  ["error[too-large]", "ethernets: {eno1: {mtu: »65537}}"],
  ["error[missing-key]", "ethernets: {eno1: {}}\nvlans: {»v: {link: eno1}}"],
  ["error[missing-key]", "ethernets: {eno1: {dhcp4: true, routes: [{»via: 192.0.2.1}]}}"],
  ["error[not-in-enum]", "ethernets: {eno1: {}}\nbonds: {b: {interfaces: [eno1], parameters: {mode: »lacp}}}"],
  [
    "error[too-large]",
    "ethernets: {eno1: {}}\nbridges: {b: {interfaces: [eno1], parameters: {port-priority: {eno1: »64}}}}",
  ],
  ["error[unknown-key]", "ethernets: {eno1: {»adresses: [192.0.2.1/24]}}"],
];

const all: Readonly<Record<string, readonly Case[]>> = {
  devices,
  addresses,
  texts,
  uses,
  routes,
  bonds,
  tunnels,
  wifis,
  numbers,
  "single keys": schemaCases,
};

describe.each(Object.entries(all))("%s", (_, cases) => {
  test.each(cases)("%s: %s", (problem, sections) => expectProblems(version2(sections), [problem]));
});

test("a gateway needs an address of its family beside it", () => {
  const gateway4 = version2("ethernets:\n  eno1:\n    »gateway4: 192.0.2.1");
  const [place] = marked(gateway4).places;
  expect(problemsOf(marked(gateway4).text).toSorted()).toEqual([
    `${place} error[gateway-without-address]`,
    `${place} warning[deprecated-gateway]`,
  ]);
  const gateway6 = version2('ethernets:\n  eno1:\n    addresses: ["2001:db8::2/64"]\n    »gateway6: »192.0.2.1');
  expectProblems(gateway6, ["warning[deprecated-gateway]", "error[bad-address]"]);
});

test("the version may be left out where there is a device, and nowhere else", () => {
  expectProblems("network: {ethernets: {eno1: {dhcp4: true}}}\n", []);
  expectProblems("»network: {}\n", ["error[missing-key]"]);
  expectProblems("»network: {config: []}\n", ["error[missing-key]"]);
  expectProblems("network: {version: 2, »config: []}\n", ["error[unknown-key]"]);
  expectProblems("network: {version: »3}\n", ["error[not-in-enum]"]);
});

test("a netplan file that was put in whole is told to be moved, by one message", () => {
  expectProblems("network:\n  »network:\n    version: 2\n    ethernets: {eno1: {dhcp4: true}}\n", [
    "error[nested-network]",
  ]);
});

const version1: readonly Case[] = [
  ["error[device-defined-twice]", "- {type: physical, name: a}\n- {type: physical, name: »a}"],
  ["error[not-in-version-2]", "- {type: bond, name: b, bond_interfaces: [], params: {»bond-nonsense: 1}}"],
  ["error[bad-value]", "- {type: bridge, name: b, bridge_interfaces: [], params: {bridge_ageing: »soon}}"],
  [
    "error[bad-value]",
    "- {type: physical, name: a}\n- {type: bridge, name: b, bridge_interfaces: [a], params: {bridge_portprio: »[a 64]}}",
  ],
  ["error[missing-address]", "- {type: physical, name: a, subnets: [»{type: static}]}"],
  ["warning[missing-prefix]", "- {type: physical, name: a, subnets: [{type: static, address: »192.0.2.1}]}"],
  ["error[bad-address]", "- {type: physical, name: a, subnets: [{type: static, address: »192.0.2.300/24}]}"],
  ["error[unknown-device]", "- {type: vlan, name: v, vlan_id: 5, vlan_link: »eno1}"],
  ["error[unknown-device]", "- {type: physical, name: a}\n- {type: nameserver, interface: »b, address: 192.0.2.53}"],
  [
    "error[gateway-without-device]",
    "- {type: physical, name: a}\n- {type: route, destination: 192.0.2.0/24, gateway: »198.51.100.1}",
  ],
  [
    "warning[parameter-without-effect]",
    "- {type: bridge, name: b, bridge_interfaces: [], params: {»bridge_maxwait: 5}}",
  ],
  ["error[unknown-device]", "- {type: loopback, name: lo}\n- »{type: nameserver, address: 192.0.2.53}"],
  [
    "warning[parameter-without-effect]",
    "- {type: physical, name: a, subnets: [{type: dhcp4, dns_nameservers: [192.0.2.53]}]}\n" +
      "- »{type: nameserver, address: 192.0.2.54}",
  ],
  [
    "error[missing-destination]",
    "- {type: physical, name: a, subnets: [{type: dhcp4, routes: [»{gateway: 192.0.2.1}]}]}",
  ],
  [
    "error[bad-netmask]",
    "- {type: physical, name: a, subnets: [{type: static, address: 192.0.2.1, netmask: »255.0.255.0}]}",
  ],
];

test.each(version1)("version 1: %s: %s", (problem, entries) => {
  expectProblems(`network:\n  version: 1\n  config:\n${entries.replace(/^/gm, "    ")}\n`, [problem]);
});

test("version 1 has bonds with each policy of the kernel, by its name too", () => {
  const bonding = "{bond-mode: 4, bond-miimon: 100, bond-xmit-hash-policy: vlan+srcmac}";
  const entries = `[{type: physical, name: a}, {type: bond, name: b, bond_interfaces: [a], params: ${bonding}}]`;
  expectProblems(`network: {version: 1, config: ${entries}}\n`, []);
});

test("version 1 has the names that MAAS gives its entries, and an MTU without a value", () => {
  const subnets = "[{type: static, address: 192.0.2.2/24}]";
  const device = `{id: "1", type: physical, name: a, mtu: null, subnets: ${subnets}}`;
  const route = "{id: r, type: route, destination: 203.0.113.0, netmask: 255.255.255.0, gateway: 192.0.2.1}";
  expectProblems(
    `network: {version: 1, config: [${device}, ${route}, {id: n, type: nameserver, address: 192.0.2.53}]}\n`,
    [],
  );
});

describe("checks", () => {
  test.each([
    ["error[bad-port]", "network_checks: [{tcp: »vault.example.org:65536}]"],
    [
      "error[checks-too-long]",
      "»network_checks: [{tcp: vault.example.org:8200, tries: 100, timeout: 60, interval: 60}]",
    ],
  ])("%s: %s", (problem, text) => expectProblems(`${text}\n`, [problem]));
});

test.each([
  ["networkd", "modems:\n  »wwan0: {apn: internet}"],
  ["networkd", "bridges:\n  br0:\n    »openvswitch: {}"],
  ["network-manager", "bridges:\n  br0:\n    »openvswitch: {}"],
  ["network-manager", "ethernets:\n  eno1:\n    dhcp4: true\n    »emit-lldp: true"],
  ["sysconfig", "ethernets: {eno1: {}}\nvlans:\n  v:\n    link: eno1\n    id: 5\n    »renderer: sriov"],
  ["eni", "ethernets: {eno1: {dhcp4: true, »ignore-carrier: true}}"],
  ["netplan", "ethernets:\n  eno1:\n    dhcp4: true\n    dhcp6: true\n    dhcp4-overrides: {»use-dns: false}"],
] as const)("what %s cannot express is reported where the image has it: %s", (renderer, sections) => {
  expectProblems(version2(sections), ["error[unsupported-by-renderer]"], { network: { renderer } });
});

test("a renderer that the image does not have is told to have no effect", () => {
  const sections = "renderer: »NetworkManager\nethernets: {eno1: {dhcp4: true}}";
  expectProblems(version2(sections), ["warning[renderer-not-used]"], { network: { renderer: "networkd" } });
});

const network = new URL("../kanod/", import.meta.url);

/** What the sources of a folder or a file can find, as `SEVERITY[CODE]`; without a severity where it is not beside the code. */
function found(...paths: string[]): Set<string> {
  const all = readdirSync(network, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
  const files = all.filter((file) => paths.some((path) => file.startsWith(path)));
  const sources = files.map((path) => readFileSync(new URL(path, network), "utf8"));
  const pattern = /(?:\b(error|warning)(?:\(|",)|\bcode:)\s*"([a-z0-9-]+)"/g;
  return new Set(
    sources.flatMap((source) => [...source.matchAll(pattern)].map(([, kind, code]) => `${kind}[${code}]`)),
  );
}

test("no check is without a case", () => {
  const tested = [...Object.values(all).flat(), ...version1].map(([problem]) => problem);
  const elsewhere = [
    "error[gateway-without-address]",
    "error[nested-network]",
    "error[bad-port]",
    "error[checks-too-long]",
  ];
  const missing = [...found("check/", "version1/")].filter((code) => ![...tested, ...elsewhere].includes(code));
  expect(missing).toEqual([]);
});

test("the README has the code of each check", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const codes = [...found("check/", "renderers/", "version1/")].map((code) => code.replace(/^\w+\[|\]$/g, ""));
  expect(codes.filter((code) => !readme.includes(`\`${code}\``))).toEqual([]);
});

const examples = corpusFiles("netplan-examples/*.yaml");

test.skipIf(examples.length === 0).each(examples.map(({ name, text }) => [name, text] as const))(
  "netplan's example %s raises no false alarm",
  (_, text) => {
    const { value } = parseYaml(text, "example.yaml") as { value: { network: object } };
    const errors = problemsOf(JSON.stringify(value)).filter((problem) => problem.includes("error["));
    expect(errors).toEqual([]);
  },
);
