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
