import { isMapping, parseMac } from "kanod-configure";
import { readFlag, Settings } from "../../model/settings.ts";
import type { IniFile, IniSection } from "../ini.ts";
import type { NetworkdJob } from "./job.ts";
import { parametersOf } from "./netdev.ts";

/** Section [Link] of a `.network`. Source of all here: systemd.network(5). */
export function addLink(link: IniSection, { settings }: NetworkdJob): void {
  const activation = settings.text("activation-mode");
  if (activation !== undefined) link.add("ActivationPolicy", activation === "manual" ? "manual" : "always-down");
  if (settings.flag("optional") === true || activation !== undefined) link.add("RequiredForOnline", false);
  link.add("MTUBytes", settings.number("mtu"));
  const mac = parseMac(String(settings.has("macaddress") ? settings.peek("macaddress") : ""));
  if (mac !== undefined) link.add("MACAddress", settings.text("macaddress") && mac);
}

/** Section [Network]. */
export function addNetwork(section: IniSection, { device, settings, master, above }: NetworkdJob): void {
  const [dhcp4, dhcp6] = [settings.flag("dhcp4") === true, settings.flag("dhcp6") === true];
  section.add("DHCP", dhcp4 && dhcp6 ? "yes" : dhcp4 ? "ipv4" : dhcp6 ? "ipv6" : "no");
  if (settings.has("link-local")) {
    const families = settings.texts("link-local");
    section.add("LinkLocalAddressing", families.length === 2 ? "yes" : (families[0] ?? "no"));
  }
  section.add("IPv6AcceptRA", settings.flag("accept-ra"));
  section.add("IPv6PrivacyExtensions", settings.flag("ipv6-privacy"));
  section.add("IPv6MTUBytes", settings.number("ipv6-mtu"));
  const nameservers = settings.section("nameservers");
  section.add("DNS", nameservers?.texts("addresses").join(" ") || undefined);
  section.add("Domains", nameservers?.texts("search").join(" ") || undefined);
  if (settings.flag("emit-lldp") === true) section.add("EmitLLDP", true);
  // A bridge without ports never has a carrier.
  const isEmptyBridge = device.kind === "bridges" && settings.texts("interfaces").length === 0;
  if (settings.flag("ignore-carrier") === true || isEmptyBridge) section.add("ConfigureWithoutCarrier", true);
  if (settings.flag("critical") === true) section.add("KeepConfiguration", true);
  if (master !== undefined)
    section.add({ bonds: "Bond", bridges: "Bridge" }[master.kind as string] ?? "VRF", master.id);
  if (master?.kind === "bonds" && parametersOf(master)?.text("primary") === device.id)
    section.add("PrimarySlave", true);
  for (const { kind, id } of above) section.add(kind === "vlans" ? "VLAN" : "VXLAN", id);
}

/** Section [Bridge] of a bridge's port. */
export function addPort(file: IniFile, { device, settings, master }: NetworkdJob): void {
  const parameters = master?.kind === "bridges" ? parametersOf(master) : undefined;
  const numberOf = (key: string): string | undefined =>
    parameters?.pairs(key).find(([port]) => port === device.id)?.[1];
  if (master?.kind === "bridges") {
    const bridge = file.section("Bridge");
    bridge.add("Cost", numberOf("path-cost"));
    bridge.add("Priority", numberOf("port-priority"));
    bridge.add("HairPin", settings.flag("hairpin"));
    bridge.add("Learning", settings.flag("port-mac-learning"));
    bridge.add("NeighborSuppression", settings.flag("neigh-suppress"));
  }
}

/** One [Address] for each address. */
export function addAddresses(file: IniFile, { settings }: NetworkdJob): void {
  const list = settings.raw("addresses");
  for (const item of Array.isArray(list) ? list : []) {
    const section = file.addSection("Address");
    if (!isMapping(item)) {
      section.add("Address", String(item));
      continue;
    }
    for (const [address, options] of Object.entries(item)) {
      const settingsOfAddress = new Settings(options, "");
      section.add("Address", address);
      // The check says that IPv6 addresses have none.
      if (!address.includes(":")) section.add("Label", settingsOfAddress.text("label"));
      if (settingsOfAddress.text("lifetime") === "0") section.add("PreferredLifetime", 0);
    }
  }
}

/** Sections [DHCPv4], [DHCPv6] and [IPv6AcceptRA]. */
export function addDhcp(file: IniFile, { settings }: NetworkdJob): void {
  const [v4, v6, ra] = ["DHCPv4", "DHCPv6", "IPv6AcceptRA"].map((name) => file.section(name)) as [
    IniSection,
    IniSection,
    IniSection,
  ];
  v4.add("ClientIdentifier", settings.text("dhcp-identifier"));
  const overrides = settings.section("dhcp4-overrides");
  if (overrides !== undefined) {
    addCommonOverrides(v4, overrides);
    v4.add("UseMTU", overrides.flag("use-mtu"));
    v4.add("UseRoutes", overrides.flag("use-routes"));
    v4.add("RouteMetric", overrides.number("route-metric"));
  }
  const overrides6 = settings.section("dhcp6-overrides");
  if (overrides6 !== undefined) {
    addCommonOverrides(v6, overrides6);
    // Routes and MTU of IPv6 are the routers' business, not that of DHCP.
    ra.add("UseMTU", overrides6.flag("use-mtu"));
    const useRoutes = overrides6.flag("use-routes");
    if (useRoutes !== undefined) {
      ra.add("UseGateway", useRoutes);
      ra.add("UseRoutePrefix", useRoutes);
    }
    ra.add("RouteMetric", overrides6.number("route-metric"));
  }
  addRouterAdvertisements(ra, settings);
}

function addCommonOverrides(section: IniSection, overrides: Settings): void {
  section.add("UseDNS", overrides.flag("use-dns"));
  section.add("UseNTP", overrides.flag("use-ntp"));
  section.add("UseHostname", overrides.flag("use-hostname"));
  section.add("UseDomains", domains(overrides));
  section.add("SendHostname", overrides.flag("send-hostname"));
  section.add("Hostname", overrides.text("hostname"));
}

function addRouterAdvertisements(section: IniSection, settings: Settings): void {
  const overrides = settings.section("ra-overrides");
  section.add("UseDNS", overrides?.flag("use-dns"));
  if (overrides !== undefined) section.add("UseDomains", domains(overrides));
  section.add("RouteTable", overrides?.number("table"));
  const token = settings.text("ipv6-address-token");
  const generation = settings.text("ipv6-address-generation");
  if (token !== undefined) section.add("Token", `static:${token}`);
  else if (generation !== undefined) section.add("Token", generation === "eui64" ? "eui64" : "prefixstable");
}

/** A boolean, or `route`. */
function domains(overrides: Settings): boolean | string | undefined {
  const value = overrides.raw("use-domains");
  return readFlag(value) ?? (value === undefined ? undefined : String(value));
}
