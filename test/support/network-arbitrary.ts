import fc from "fast-check";

/** Networks of the version 2 form that cloud-init, netplan and we all know, and that are right in themselves. */

const interfaceNames = ["eth0", "eth1", "eth2", "eth3", "enp1s0"] as const;
const octet = fc.integer({ min: 1, max: 254 });

const route4 = fc.record(
  {
    to: fc.oneof(
      fc.constant("default"),
      fc.tuple(octet, octet).map(([a, b]) => `10.${a}.${b}.0/24`),
    ),
    via: fc.constant("192.0.2.1"),
    metric: fc.integer({ min: 1, max: 5000 }),
    table: fc.integer({ min: 100, max: 250 }),
  },
  { requiredKeys: ["to", "via"] },
);
const route6 = fc.record(
  {
    to: octet.map((a) => `2001:db8:${a.toString(16)}::/64`),
    via: fc.constant("2001:db8::1"),
    metric: fc.integer({ min: 1, max: 5000 }),
  },
  { requiredKeys: ["to", "via"] },
);

const nameservers = fc.record(
  {
    addresses: fc.uniqueArray(fc.constantFrom("192.0.2.53", "198.51.100.53", "203.0.113.53"), { minLength: 1 }),
    search: fc.uniqueArray(fc.constantFrom("example.org", "example.net", "lab"), { minLength: 1 }),
  },
  { requiredKeys: ["addresses"] },
);

const overrides = fc.record(
  {
    "use-dns": fc.boolean(),
    "use-domains": fc.constantFrom("route", "true"),
    "use-hostname": fc.boolean(),
    "use-ntp": fc.boolean(),
    "send-hostname": fc.boolean(),
    hostname: fc.constantFrom("node1", "node2"),
    "route-metric": fc.integer({ min: 1, max: 5000 }),
    "use-mtu": fc.boolean(),
    "use-routes": fc.boolean(),
  },
  { requiredKeys: [] },
);

/** What a device of any kind may have besides. `index` keeps the addresses of devices apart. */
function common(index: number): fc.Arbitrary<Record<string, unknown>> {
  const static4 = fc.record(
    {
      addresses: fc.constant([`192.0.2.${10 + index}/24`]),
      routes: fc.uniqueArray(route4, { maxLength: 3, selector: ({ to }) => to }),
      nameservers,
    },
    { requiredKeys: ["addresses"] },
  );
  const both = fc.record(
    {
      addresses: fc.constant([`192.0.2.${10 + index}/24`, `2001:db8::${10 + index}/64`]),
      routes: fc
        .tuple(fc.array(route4, { maxLength: 1 }), fc.array(route6, { maxLength: 1 }))
        .map((lists) => lists.flat()),
      nameservers,
    },
    { requiredKeys: ["addresses"] },
  );
  const dhcp = fc.record(
    { dhcp4: fc.constant(true), "dhcp4-overrides": overrides, dhcp6: fc.boolean(), nameservers },
    { requiredKeys: ["dhcp4"] },
  );
  const dhcp6 = fc.record(
    { dhcp6: fc.constant(true), "dhcp6-overrides": fc.record({ "use-dns": fc.boolean() }) },
    { requiredKeys: ["dhcp6"] },
  );
  const old = fc.constant({ addresses: [`192.0.2.${10 + index}/24`], gateway4: "192.0.2.1" });
  const extras = fc.record({ mtu: fc.integer({ min: 1400, max: 9000 }) }, { requiredKeys: [] });
  return fc.tuple(fc.oneof(static4, both, dhcp, dhcp6, old, fc.constant({})), extras).map(([a, b]) => ({ ...a, ...b }));
}

function ethernet(index: number): fc.Arbitrary<Record<string, unknown>> {
  const mac = `52:54:00:00:00:0${index}`;
  const extras = fc.record(
    {
      optional: fc.boolean(),
      "accept-ra": fc.boolean(),
      renamed: fc.constant({ match: { macaddress: mac }, "set-name": `nic${index}` }),
    },
    { requiredKeys: [] },
  );
  return fc.tuple(common(index), extras).map(([base, { renamed, ...more }]) => ({ ...base, ...more, ...renamed }));
}

const bond = fc.record(
  {
    mode: fc.constant("active-backup"),
    "mii-monitor-interval": fc.integer({ min: 1, max: 1000 }),
    "up-delay": fc.integer({ min: 0, max: 1000 }),
    "fail-over-mac-policy": fc.constantFrom("none", "active", "follow"),
    "primary-reselect-policy": fc.constantFrom("always", "better", "failure"),
    "gratuitous-arp": fc.integer({ min: 1, max: 255 }),
  },
  { requiredKeys: ["mode", "mii-monitor-interval"] },
);

const bridge = fc.record(
  {
    stp: fc.boolean(),
    priority: fc.integer({ min: 1, max: 65535 }),
    "ageing-time": fc.integer({ min: 1, max: 1000 }),
    "forward-delay": fc.integer({ min: 2, max: 30 }),
    "hello-time": fc.integer({ min: 1, max: 10 }),
    "max-age": fc.integer({ min: 6, max: 40 }),
  },
  { requiredKeys: ["stp"] },
);

/** Ethernet interfaces, and on some of them a bond, a bridge and VLANs. */
export const networks: fc.Arbitrary<Record<string, unknown>> = fc
  .record({
    ethernets: fc.tuple(...interfaceNames.map((_, index) => ethernet(index))),
    count: fc.integer({ min: 1, max: interfaceNames.length }),
    bond: fc.option(fc.tuple(bond, common(10)), { nil: undefined }),
    bridge: fc.option(fc.tuple(bridge, common(20)), { nil: undefined }),
    vlan: fc.option(fc.tuple(fc.integer({ min: 1, max: 4094 }), common(30)), { nil: undefined }),
  })
  .map((parts) => {
    const named = parts.ethernets
      .slice(0, parts.count)
      .map((values, index) => [interfaceNames[index], values] as const);
    const ethernets = Object.fromEntries(named) as Record<string, Record<string, unknown>>;
    const network: Record<string, unknown> = { version: 2, ethernets };
    if (parts.bond !== undefined && parts.count >= 4) {
      for (const port of ["eth2", "eth3"]) ethernets[port] = {};
      network["bonds"] = { bond0: { interfaces: ["eth2", "eth3"], parameters: parts.bond[0], ...parts.bond[1] } };
    }
    if (parts.bridge !== undefined && parts.count >= 2) {
      ethernets["eth1"] = {};
      network["bridges"] = { br0: { interfaces: ["eth1"], parameters: parts.bridge[0], ...parts.bridge[1] } };
    }
    if (parts.vlan !== undefined) {
      ethernets["eth0"] = withoutName(ethernets["eth0"] ?? {});
      network["vlans"] = { vlan0: { id: parts.vlan[0], link: "eth0", ...parts.vlan[1] } };
    }
    return network;
  });

function withoutName({ match: _, "set-name": __, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return rest;
}
