import { type Family, isMapping, parseAddress, parsePrefix } from "kanod-configure";
import type { Settings } from "../../model/settings.ts";
import type { IniSection } from "../ini.ts";
import { type KeyfileJob, refuse } from "./job.ts";
import { keyfileList, keyfileText } from "./keyfile.ts";

/** What a device gets of one family. */
interface FamilyJob {
  job: KeyfileJob;
  family: Family;
  section: IniSection;
  addresses: readonly string[];
  dhcp: boolean;
  /** The other family is asked for, too. */
  other: boolean;
  method: string;
}

/** Tunnels whose inside is no Ethernet: there are no router advertisements. */
const routedTunnels = ["sit", "gre", "ip6gre", "ipip", "ipip6", "ip6ip6", "vti", "vti6", "wireguard", "isatap"];

/**
 * Sections [ipv4] and [ipv6]. Source: nm-settings-keyfile(5), nm-settings-nmcli(5). The port of a bond or bridge has no
 * addresses of its own, and NetworkManager would ignore them.
 */
export function addIp(job: KeyfileJob): void {
  const { settings, master } = job;
  if (master?.kind === "bonds" || master?.kind === "bridges") {
    if (settings.peek("accept-ra") === false) settings.raw("accept-ra");
    if (settings.texts("link-local").length > 0) refuse(job, settings.at("link-local"), "it is a port");
    return;
  }
  const addresses = addressTexts(job);
  const families = ([4, 6] as const).map((family): FamilyJob => {
    const own = addresses.filter((text) => parsePrefix(text)?.family === family);
    const dhcp = settings.flag(`dhcp${family}`) === true;
    const section = job.file.section(`ipv${family}`);
    const other = settings.flag(`dhcp${family === 4 ? 6 : 4}`) === true || addresses.length > own.length;
    return { job, family, section, addresses: own, dhcp, other, method: methodOf(job, family, own.length > 0, dhcp) };
  }) as [FamilyJob, FamilyJob];
  settings.raw("accept-ra");
  settings.raw("link-local");
  for (const family of families) addFamily(family);
  addNames(job, families);
  addHostname(job, families);
}

function methodOf({ device, settings }: KeyfileJob, family: Family, hasAddress: boolean, dhcp: boolean): string {
  const linkLocal = settings.has("link-local") ? settings.texts("link-local") : ["ipv6"];
  const hasLinkLocal = linkLocal.includes(`ipv${family}`);
  if (family === 4) return dhcp ? "auto" : hasAddress ? "manual" : hasLinkLocal ? "link-local" : "disabled";
  const accepts = settings.flag("accept-ra");
  if (dhcp) return accepts === false ? "dhcp" : "auto";
  if (hasAddress) return accepts === true ? "auto" : "manual";
  if (accepts === true) return "auto";
  const isBare = device.kind === "bonds" && !hasIpv4(settings);
  const isRouted = device.kind === "tunnels" && routedTunnels.includes(settings.text("mode") ?? "");
  if (!hasLinkLocal || isBare || (isRouted && accepts === undefined && !settings.has("link-local"))) return "disabled";
  // With nothing else to wait for, it would give the interface up when no router answers.
  return accepts === false || !(hasIpv4(settings) || linkLocal.includes("ipv4")) ? "link-local" : "auto";
}

function hasIpv4(settings: Settings): boolean {
  return settings.flag("dhcp4") === true || settings.has("addresses");
}

function addFamily(family: FamilyJob): void {
  const { job, section, addresses, dhcp, method } = family;
  const { settings } = job;
  section.add("method", method);
  // What was asked for must come; but where both families are, one does not take down the other.
  const isAsked = dhcp || addresses.length > 0;
  if (isAsked) section.add("may-fail", String(family.other || settings.flag("optional") === true));
  for (const [index, address] of addresses.entries()) section.add(`address${index + 1}`, address);
  section.add("gateway", settings.text(`gateway${family.family}`));
  addRoutes(family);
  addPolicy(family);
  addDhcpOverrides(family);
  if (family.family === 4) addIpv4(family);
  else addIpv6(family);
}

function addIpv4({ job: { settings }, section, method, dhcp }: FamilyJob): void {
  if (settings.texts("link-local").includes("ipv4") && (dhcp || method === "manual")) section.add("link-local", 3);
  section.add("dhcp-client-id", settings.text("dhcp-identifier"));
}

function addIpv6({ job, section, method }: FamilyJob): void {
  const { settings } = job;
  if (settings.has("link-local") && !settings.texts("link-local").includes("ipv6") && method !== "disabled") {
    refuse(job, settings.at("link-local"), "with IPv6 there always is a link-local address");
  }
  const privacy = settings.flag("ipv6-privacy");
  if (privacy !== undefined) section.add("ip6-privacy", privacy ? 2 : 0);
  section.add("mtu", settings.number("ipv6-mtu"));
  const token = settings.text("ipv6-address-token");
  const generation = settings.text("ipv6-address-generation");
  if (token !== undefined) {
    section.add("addr-gen-mode", 0);
    section.add("token", token);
  } else if (generation !== undefined) section.add("addr-gen-mode", generation === "eui64" ? 0 : 1);
}

/** Routes of this family; where it is off they cannot be. */
function addRoutes({ job, family, section, method }: FamilyJob): void {
  const table = job.device.kind === "vrfs" ? job.settings.number("table") : undefined;
  const written = job.settings.sections("routes");
  let number = 0;
  for (const [index, route] of job.device.routes.entries()) {
    const settings = written[index];
    if (settings === undefined || (route.family ?? 4) !== family) continue;
    if (method === "disabled") {
      for (const key of settings.keys()) settings.raw(key);
      refuse(job, settings.pointer, `without an address of IPv${family} there are no routes of it`);
      continue;
    }
    number += 1;
    const to = settings.text("to") === "default" ? (family === 6 ? "::/0" : "0.0.0.0/0") : settings.text("to");
    const [via, metric] = [settings.text("via"), settings.number("metric")];
    const tail = metric === undefined ? (via === undefined ? "" : `,${via}`) : `,${via ?? ""},${metric}`;
    section.add(`route${number}`, `${to}${tail}`);
    section.add(`route${number}_options`, routeOptions(job, settings, table, via));
  }
}

const routeTypes = ["blackhole", "local", "prohibit", "throw", "unreachable"];

function routeOptions(
  job: KeyfileJob,
  route: Settings,
  table: number | undefined,
  via: string | undefined,
): string | undefined {
  const type = route.text("type");
  const isOther = type !== undefined && type !== "unicast";
  if (isOther && !routeTypes.includes(type)) refuse(job, route.at("type"));
  // The scope follows from the gateway.
  const scope = route.text("scope");
  if (scope !== undefined && scope !== (via === undefined ? "link" : "global")) refuse(job, route.at("scope"));
  const options: [string, string | number | undefined][] = [
    ["onlink", route.flag("on-link") === true ? "true" : undefined],
    ["initrwnd", route.number("advertised-receive-window")],
    ["initcwnd", route.number("congestion-window")],
    ["mtu", route.number("mtu")],
    ["table", route.number("table") ?? table],
    ["src", route.text("from")],
    ["advmss", route.number("advertised-mss")],
    ["type", isOther ? type : undefined],
  ];
  const given = options.filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : given.map(([key, value]) => `${key}=${value}`).join(",");
}

function addPolicy({ job, family, section }: FamilyJob): void {
  const table = job.device.kind === "vrfs" ? job.settings.number("table") : undefined;
  let number = 0;
  for (const rule of job.settings.sections("routing-policy")) {
    const [from, to] = [rule.text("from"), rule.text("to")];
    if (`${from} ${to}`.includes(":") !== (family === 6)) continue;
    const priority = rule.number("priority");
    if (priority === undefined) refuse(job, rule.pointer, "a rule needs a priority there");
    number += 1;
    const parts: [string, string | number | undefined][] = [
      ["priority", priority],
      ["from", from],
      ["to", to],
      ["tos", rule.number("type-of-service")],
      ["fwmark", rule.number("mark")],
      ["table", rule.number("table") ?? table],
    ];
    const given = parts.filter(([, value]) => value !== undefined);
    section.add(`routing-rule${number}`, given.map(([key, value]) => `${key} ${value}`).join(" "));
  }
}

function addDhcpOverrides({ job, family, section }: FamilyJob): void {
  const overrides = job.settings.section(`dhcp${family}-overrides`);
  if (overrides === undefined) return;
  section.add("route-metric", overrides.number("route-metric"));
  if (overrides.flag("use-routes") === false) {
    section.add("ignore-auto-routes", "true");
    section.add("never-default", "true");
  }
  if (overrides.flag("use-dns") === false) section.add("ignore-auto-dns", "true");
  if (overrides.flag("send-hostname") === false) section.add("dhcp-send-hostname", "false");
  const hostname = overrides.text("hostname");
  if (hostname !== undefined) section.add("dhcp-hostname", keyfileText(hostname));
  // What it always does: the server's MTU and domain are taken.
  for (const key of ["use-mtu", "use-domains"]) {
    if (overrides.has(key) && overrides.flag(key) !== true) refuse(job, overrides.at(key));
  }
}

/** Name servers go to the section of their family, search domains to all that are in use. */
function addNames(job: KeyfileJob, families: readonly FamilyJob[]): void {
  const nameservers = job.settings.section("nameservers");
  const addresses = nameservers?.texts("addresses") ?? [];
  const search = nameservers?.texts("search") ?? [];
  for (const { family, section, method } of families) {
    const own = addresses.filter((text) => parseAddress(text)?.family === family);
    if (method !== "disabled") section.add("dns", keyfileList(own));
    else if (own.length > 0) {
      const at = `${nameservers?.at("addresses")}/${addresses.indexOf(own[0] as string)}`;
      refuse(job, at, `without an address of IPv${family} there are no name servers of it`);
    }
  }
  const inUse = families.filter(({ dhcp, addresses: own }) => dhcp || own.length > 0);
  const usable = inUse.length > 0 ? inUse : families.filter(({ method }) => method !== "disabled");
  for (const { section } of usable) section.add("dns-search", keyfileList(search));
  if (search.length > 0 && usable.length === 0) refuse(job, `${nameservers?.at("search")}`, "without an address");
}

/** Whether the host name of a DHCP server is taken is said once, for both families. */
function addHostname(job: KeyfileJob, families: readonly FamilyJob[]): void {
  const wishes = families.map(({ family }) => {
    const overrides = job.settings.section(`dhcp${family}-overrides`);
    return { at: overrides?.at("use-hostname") ?? "", wish: overrides?.flag("use-hostname") };
  });
  const asked = families.flatMap(({ dhcp }, index) => (dhcp ? (wishes[index] ?? []) : []));
  const against = asked.filter(({ wish }) => wish === false);
  if (against.length === 0) return;
  if (against.length === asked.length) job.file.section("hostname").add("from-dhcp", 0);
  else refuse(job, against[0]?.at ?? "", "it is the same for dhcp4 and dhcp6");
}

/** Addresses; options of one cannot be expressed. */
function addressTexts(job: KeyfileJob): string[] {
  const list = job.settings.raw("addresses");
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown, index) => {
    if (!isMapping(item)) return [String(item)];
    return Object.entries(item).map(([address, options]) => {
      if (
        isMapping(options) &&
        Object.entries(options).some(([key, value]) => key !== "lifetime" || value !== "forever")
      ) {
        refuse(job, `${job.settings.at("addresses")}/${index}`, "lifetime and label of an address");
      }
      return address;
    });
  });
}
