import { expect, test } from "vitest";
import { translateVersion1 } from "../kanod/version1/translate.ts";

/** The name servers of each device, of entries of a version 1 configuration. */
function nameServers(...entries: object[]): Record<string, unknown> {
  const { version2, findings } = translateVersion1({ version: 1, config: entries }, "/network");
  expect(findings).toEqual([]);
  const devices = version2["ethernets"] as Record<string, { nameservers?: { addresses: string[] } }>;
  return Object.fromEntries(Object.entries(devices).map(([name, values]) => [name, values.nameservers?.addresses]));
}

const physical = (name: string, ...subnets: object[]): object => ({ type: "physical", name, subnets });
const general = { type: "nameserver", address: ["192.0.2.53"] };

test("name servers without an interface are for each device with addresses, also from DHCP, and not for the loopback", () => {
  const loopback = { type: "loopback", name: "lo", subnets: [{ type: "static", address: "192.0.2.200/32" }] };
  const devices = [
    physical("a", { type: "dhcp4" }),
    physical("b", { type: "static", address: "192.0.2.1/24" }),
    physical("c"),
    physical("d", { type: "static", address: "198.51.100.1/24", dns_nameservers: "198.51.100.53" }),
    loopback,
  ];
  expect(nameServers(...devices, general)).toEqual({
    a: ["192.0.2.53"],
    b: ["192.0.2.53"],
    c: undefined,
    d: ["198.51.100.53"],
    lo: undefined,
  });
});

test("where no device has an address, they are for all", () => {
  expect(nameServers(physical("a"), general)).toEqual({ a: ["192.0.2.53"] });
});

/** The devices of entries of a version 1 configuration, in the version 2 form. */
function ethernets(...entries: object[]): unknown {
  const { version2, findings } = translateVersion1({ version: 1, config: entries }, "/network");
  expect(findings).toEqual([]);
  return version2["ethernets"];
}

test("the MTU of a subnet is that of its family, and a device's own one stays", () => {
  const [four, six] = ["192.0.2.10/24", "2001:db8::10/64"].map((address) => ({ type: "static", address }));
  const physicalWith = (mtu: number | undefined, ...subnets: object[]): object => ({
    ...physical("a", ...subnets),
    mtu,
  });
  const addresses = ["192.0.2.10/24", "2001:db8::10/64"];
  expect(ethernets(physicalWith(9000, four as object, { ...six, mtu: 1480 }))).toEqual({
    a: { addresses, mtu: 9000, "ipv6-mtu": 1480 },
  });
  expect(ethernets(physicalWith(9000, { ...four, mtu: 1400 }, six as object))).toEqual({ a: { addresses, mtu: 9000 } });
  expect(ethernets(physicalWith(undefined, { ...four, mtu: 1400 }, six as object))).toEqual({
    a: { addresses, mtu: 1400 },
  });
});

test("a route through a link-local gateway is that of the only device, and of none where there are several", () => {
  const subnet = { type: "static6", address: "2001:db8::10/64" };
  const route = { type: "route", destination: "::/0", gateway: "fe80::1" };
  const loopback = { type: "loopback", name: "lo" };
  expect(ethernets(loopback, physical("a", subnet), route)).toMatchObject({
    a: { routes: [{ to: "::/0", via: "fe80::1" }] },
  });
  const two = [physical("a", subnet), physical("b"), route];
  const { findings } = translateVersion1({ version: 1, config: two }, "/network");
  expect(findings).toEqual([expect.objectContaining({ code: "gateway-without-device" })]);
});
