import type { Finding } from "kanod-configure";
import { type Family, isMulticast, parseAddress, parsePrefix, shown } from "kanod-configure";
import { type Device, settingsOf } from "../model/network.ts";
import { Settings } from "../model/settings.ts";
import { error, type Rule, warning } from "./context.ts";

/** In bytes. Source: RFC 8200, section 5. */
const minIpv6Mtu = 1280;

/** Addresses are addresses with a prefix length that they can have. */
export const addresses: Rule = ({ network }) =>
  network.devices.flatMap((device) =>
    device.addresses.flatMap(({ text, at, prefix }) => {
      if (prefix === undefined || prefix.length === 0) return [badAddress(text, at)];
      if (!isMulticast(prefix)) return [];
      return [error("bad-address", at, `${shown(text)} is a multicast address, which no interface can have`)];
    }),
  );

function badAddress(text: string, at: string): Finding {
  const [address = "", length] = text.split("/");
  const parsed = parseAddress(address);
  if (parsed === undefined) return error("bad-address", at, `${shown(text)} is no address with a prefix length`);
  const example = `${address}/${parsed.family === 6 ? 64 : 24}`;
  if (length === undefined) {
    return error("missing-prefix-length", at, `${shown(text)} has no prefix length`, {
      hint: `for example ${example}`,
    });
  }
  const message = `${shown(`/${length}`)} is no prefix length of an IPv${parsed.family} address`;
  return error("bad-prefix-length", at, message, { hint: `a number from 1 to ${parsed.family === 6 ? 128 : 32}` });
}

/** Only IPv4 addresses have labels: those are from before an interface could have several addresses. */
export const labels: Rule = ({ network }) =>
  network.devices.flatMap((device) =>
    new Settings(device.values, device.pointer).sections("addresses").flatMap((entry) =>
      entry.keys().flatMap((address) => {
        const options = entry.section(address);
        if (options?.has("label") !== true || !address.includes(":")) return [];
        const message = "an IPv6 address has no label: this has no effect";
        return [warning("label-without-effect", options.at("label"), message, { atKey: true })];
      }),
    ),
  );

/** No two devices have the same address, unless VRFs keep them apart. */
export const duplicateAddresses: Rule = ({ network }) => {
  const domains = new Map<string, string>();
  for (const device of network.devices) {
    if (device.kind !== "vrfs") continue;
    for (const port of settingsOf(device).texts("interfaces")) domains.set(port, device.id);
  }
  const owners = new Map<string, Device>();
  return network.devices.flatMap((device) =>
    device.addresses.flatMap(({ text, at, prefix }) => {
      if (prefix === undefined) return [];
      const key = `${domains.get(device.id) ?? ""} ${prefix.family} ${prefix.value}`;
      const other = owners.get(key);
      owners.set(key, device);
      if (other === undefined) return [];
      const where = other === device ? "this device has it" : `${shown(other.id)} has it`;
      return [warning("duplicate-address", at, `${shown(text)} is there twice: ${where} already`)];
    }),
  );
};

/** `gateway4` and `gateway6`: addresses of their family, and on the way out. */
export const deprecatedGateways: Rule = ({ network }) =>
  network.devices.flatMap((device) => {
    const settings = settingsOf(device);
    return ([4, 6] as const).flatMap((family) => gateway(device, settings, family));
  });

function gateway(device: Device, settings: Settings, family: Family): Finding[] {
  const key = `gateway${family}`;
  const value = settings.text(key);
  if (value === undefined) return [];
  const findings: Finding[] = [];
  if (parseAddress(value)?.family !== family) {
    findings.push(error("bad-address", settings.at(key), `${shown(value)} is no IPv${family} address`));
  } else if (!device.addresses.some(({ prefix }) => prefix?.family === family)) {
    const message = `${key} needs an IPv${family} address in \`addresses\``;
    findings.push(error("gateway-without-address", settings.at(key), message, { atKey: true }));
  }
  const hint = `write \`routes: [{to: default, via: ${JSON.stringify(value)}}]\``;
  return [...findings, warning("deprecated-gateway", settings.at(key), `${key} is deprecated`, { hint, atKey: true })];
}

/** Name servers are addresses. */
export const nameservers: Rule = ({ network }) =>
  network.devices.flatMap((device) => {
    const section = settingsOf(device).section("nameservers");
    return (section?.texts("addresses") ?? []).flatMap((text, index) => {
      if (parseAddress(text) !== undefined) return [];
      const at = `${section?.at("addresses")}/${index}`;
      return [
        error("bad-address", at, `${shown(text)} is no address of a name server`, { hint: nameServerHint(text) }),
      ];
    });
  });

function nameServerHint(text: string): string | undefined {
  return parsePrefix(text) === undefined ? undefined : "without a prefix length";
}

/** IPv6 does not work below its smallest MTU: the kernel switches it off. */
export const mtu: Rule = ({ network }) =>
  network.devices.flatMap((device) => {
    const settings = settingsOf(device);
    const value = settings.number("mtu");
    if (value === undefined || value >= minIpv6Mtu) return [];
    const hasIpv6 = device.addresses.some(({ prefix }) => prefix?.family === 6);
    if (!hasIpv6 && settings.flag("dhcp6") !== true) return [];
    const message = `IPv6 needs an MTU of ${minIpv6Mtu} at least: with less the kernel switches it off here`;
    return [error("mtu-too-small", settings.at("mtu"), message)];
  });

/** `ipv6-address-token` and `ipv6-address-generation`. */
export const ipv6Generation: Rule = ({ network }) =>
  network.devices.flatMap((device) => {
    const settings = settingsOf(device);
    const token = settings.text("ipv6-address-token");
    if (token === undefined) return [];
    const at = settings.at("ipv6-address-token");
    if (parseAddress(token)?.family !== 6) return [error("bad-address", at, `${shown(token)} is no IPv6 token`)];
    if (!settings.has("ipv6-address-generation")) return [];
    const message = "ipv6-address-token cannot be combined with ipv6-address-generation";
    return [error("exclusive-keys", at, message, { atKey: true })];
  });
