import { contains, parseAddress } from "kanod-configure";
import type { Settings } from "../../model/settings.ts";
import type { IniFile, IniSection } from "../ini.ts";
import type { NetworkdJob } from "./job.ts";

/** Sections [Route] and [RoutingPolicyRule]. What stands in a VRF goes to the VRF's table. Source: systemd.network(5). */
export function addRouting(file: IniFile, job: NetworkdJob): void {
  const { device, settings } = job;
  const table = device.kind === "vrfs" ? settings.number("table") : undefined;
  for (const key of ["gateway4", "gateway6"]) {
    const gateway = settings.text(key);
    if (gateway !== undefined) addGateway(file.addSection("Route"), gateway, job);
  }
  for (const route of settings.sections("routes")) addRoute(file.addSection("Route"), route, table);
  for (const rule of settings.sections("routing-policy")) {
    const section = file.addSection("RoutingPolicyRule");
    section.add("From", rule.text("from"));
    section.add("To", rule.text("to"));
    section.add("Table", rule.number("table") ?? table);
    section.add("Priority", rule.number("priority"));
    section.add("FirewallMark", rule.number("mark"));
    section.add("TypeOfService", rule.number("type-of-service"));
  }
}

/** A gateway outside of the device's networks is taken to be on the link, as cloud-init does. */
function addGateway(section: IniSection, gateway: string, { device }: NetworkdJob): void {
  const address = parseAddress(gateway);
  const first = device.addresses
    .flatMap(({ prefix }) => prefix ?? [])
    .filter((prefix) => prefix.family === address?.family);
  section.add("Gateway", gateway);
  if (address !== undefined && !first.some((prefix) => contains(prefix, address))) section.add("GatewayOnLink", true);
}

function addRoute(section: IniSection, route: Settings, table: number | undefined): void {
  const to = route.text("to") ?? "";
  const isIpv6 = [to, route.text("via"), route.text("from")].some((text) => text?.includes(":"));
  section.add("Destination", to === "default" ? (isIpv6 ? "::/0" : "0.0.0.0/0") : to);
  section.add("Gateway", route.text("via"));
  if (route.flag("on-link") === true) section.add("GatewayOnLink", true);
  section.add("PreferredSource", route.text("from"));
  section.add("Metric", route.number("metric"));
  section.add("Table", route.number("table") ?? table);
  section.add("Type", route.text("type"));
  section.add("Scope", route.text("scope"));
  section.add("MTUBytes", route.number("mtu"));
  section.add("InitialCongestionWindow", route.number("congestion-window"));
  section.add("InitialAdvertisedReceiveWindow", route.number("advertised-receive-window"));
  section.add("TCPAdvertisedMaximumSegmentSize", route.number("advertised-mss"));
}
