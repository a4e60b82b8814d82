import type { Finding } from "kanod-configure";
import { contains, isLinkLocal, parseAddress, parseNetwork, shown } from "kanod-configure";
import { settingsOf } from "../model/network.ts";
import type { Route } from "../model/routes.ts";
import { error, type Rule, warning } from "./context.ts";

/** Number of the main routing table, which is also the one where none is given. Source: ip-route(8). */
const mainTable = 254;
/** Types of routes that lead nowhere, so that a gateway makes no sense. */
const typesWithoutGateway = ["blackhole", "prohibit", "throw", "unreachable", "local", "broadcast", "nat"];

/** Routes have addresses of one family, and a gateway where they need one. */
export const routes: Rule = ({ network }) =>
  network.devices.flatMap((device) => device.routes.flatMap((route) => checkRoute(route)));

function checkRoute(route: Route): Finding[] {
  const { settings, family } = route;
  const source = settings.text("from");
  const addresses = [
    ["to", route.destination],
    ["via", route.gateway],
    ["from", source === undefined ? undefined : parseAddress(source)],
  ] as const;
  const bad = addresses.flatMap(([key, parsed]) => {
    const text = settings.text(key);
    if (text === undefined || (key === "to" && text === "default")) return [];
    if (parsed === undefined) return [error("bad-address", settings.at(key), badMessage(key, text))];
    if (family === undefined || parsed.family === family) return [];
    const message = `${shown(text)} is an IPv${parsed.family} address, but the route is one of IPv${family}`;
    return [error("family-mismatch", settings.at(key), message)];
  });
  if (bad.length > 0 || settings.has("via") || !isDefault(route)) return bad;
  const type = settings.text("type") ?? "unicast";
  const scope = settings.text("scope");
  if (typesWithoutGateway.includes(type) || scope === "link" || scope === "host") return [];
  return [error("route-without-gateway", settings.pointer, "a default route needs a gateway: the key `via`")];
}

function badMessage(key: string, text: string): string {
  return key === "to" ? `${shown(text)} is neither a network nor \`default\`` : `${shown(text)} is no address`;
}

/** A gateway lies in a network of its device, or the route says that it is on the link. */
export const gateways: Rule = ({ network }) =>
  network.devices.flatMap((device) => {
    if (device.kind === "vrfs") return [];
    const all = device.routes;
    const onLink = [
      ...device.addresses.flatMap(({ prefix }) => prefix ?? []),
      ...all.filter(({ settings }) => !settings.has("via")).flatMap(({ destination }) => destination ?? []),
    ];
    const settings = settingsOf(device);
    return all.flatMap((route) => {
      const { gateway: via } = route;
      if (via === undefined || isLinkLocal(via) || route.settings.flag("on-link") === true) return [];
      if (settings.flag(via.family === 6 ? "dhcp6" : "dhcp4") === true) return [];
      if (via.family === 6 && settings.flag("accept-ra") === true) return [];
      if (onLink.some((prefix) => contains(prefix, via))) return [];
      const message = `no address of ${shown(device.id)} is in the network of this gateway: the route may be refused`;
      const hint = "add an address of that network, or `on-link: true`";
      return [warning("gateway-not-on-link", route.settings.at("via"), message, { hint })];
    });
  });

/** Two default routes of one family, table and priority: which one is taken is chance. */
export const defaultRoutes: Rule = ({ network }) => {
  const seen = new Map<string, string>();
  return network.devices.flatMap((device) => {
    const settings = settingsOf(device);
    const old = ([4, 6] as const).flatMap((family) => {
      const key = `gateway${family}`;
      return settings.has(key) ? [{ family, table: mainTable, metric: "", at: settings.at(key) }] : [];
    });
    const vrfTable = device.kind === "vrfs" ? settings.number("table") : undefined;
    const listed = device.routes.filter(isDefault).map(({ settings: route, family }) => {
      const table = route.number("table") ?? vrfTable ?? mainTable;
      return { family, table, metric: route.text("metric") ?? "", at: route.at("to") };
    });
    return [...old, ...listed].flatMap(({ family, table, metric, at }) => {
      const key = `${family} ${table} ${metric}`;
      const other = seen.get(key);
      if (other === undefined) seen.set(key, device.id);
      if (other === undefined) return [];
      const message = `a second IPv${family} default route with the same priority: ${shown(other)} has one already`;
      return [warning("two-default-routes", at, message, { hint: "give each of them a `metric` of its own" })];
    });
  });
};

/** Rules that choose a table: with a selector, addresses of one family, and in a VRF the VRF's table. */
export const policies: Rule = ({ network }) =>
  network.devices.flatMap((device) =>
    settingsOf(device)
      .sections("routing-policy")
      .flatMap((rule) => {
        const [from, to] = (["from", "to"] as const).map((key) => rule.text(key));
        if (from === undefined && to === undefined) {
          return [error("policy-without-selector", rule.pointer, "a rule needs `from` or `to`")];
        }
        const bad = (
          [
            ["from", from],
            ["to", to],
          ] as const
        ).flatMap(([key, text]) => {
          if (text === undefined || parseNetwork(text) !== undefined) return [];
          return [error("bad-address", rule.at(key), `${shown(text)} is neither an address nor a network`)];
        });
        const families = [from, to].flatMap((text) => parseNetwork(text ?? "")?.family ?? []);
        if (bad.length > 0 || new Set(families).size < 2) return bad;
        return [error("family-mismatch", rule.at("to"), "`from` and `to` are of different families")];
      }),
  );

/** What stands in a VRF goes to the VRF's table. */
export const vrfTables: Rule = ({ network }) =>
  network.devices.flatMap((device) => {
    if (device.kind !== "vrfs") return [];
    const settings = settingsOf(device);
    const table = settings.number("table");
    return [...settings.sections("routes"), ...settings.sections("routing-policy")].flatMap((entry) => {
      const own = entry.number("table");
      if (own === undefined || own === table) return [];
      return [error("vrf-table-mismatch", entry.at("table"), `in this VRF the table is ${table}, not ${own}`)];
    });
  });

function isDefault({ to, destination }: Route): boolean {
  return to === "default" || destination?.length === 0;
}
