import type { LinkState, NetworkState, RouteState } from "./machine-state.ts";

/** What `former` had and `now` lacks. Of what a server gave out, only that there is some of it again. */
export function missingOf(former: NetworkState, now: NetworkState): string[] {
  const links = former.links.flatMap((link) => {
    const its = now.links.find(({ name }) => name === link.name);
    return (its === undefined ? ["it is gone"] : missingOfLink(link, its)).map((what) => `${link.name}: ${what}`);
  });
  const lost = former.routes.filter((route) => route.protocol !== "ra" && !now.routes.some(sameAs(route)));
  return [...links, ...lost.map((route) => `${route.interface}: the route ${routeText(route)} is missing`)];
}

function missingOfLink(link: LinkState, now: LinkState): string[] {
  const faults: string[] = [];
  if (link.up && !now.up) faults.push("it is down");
  if (link.mtu !== now.mtu) faults.push(`its MTU is ${now.mtu}, not ${link.mtu}`);
  if (link.master !== now.master) faults.push(`its master is ${now.master ?? "none"}, not ${link.master ?? "none"}`);
  for (const { text, dynamic, family } of link.addresses) {
    const isThere = now.addresses.some((each) => (dynamic ? each.family === family : each.text === text));
    if (!isThere) faults.push(dynamic ? `no dynamic IPv${family} address` : `the address ${text} is missing`);
  }
  return faults;
}

function sameAs(route: RouteState): (other: RouteState) => boolean {
  // Not the metric: NetworkManager chooses another one each time that it brings an interface up.
  const keys = ["family", "to", "via", "interface", "table"] as const;
  const which = route.protocol === "dhcp" ? keys.filter((key) => key !== "via") : keys;
  return (other) => which.every((key) => other[key] === route[key]);
}

export function routeText({ to, via, table }: Pick<RouteState, "to" | "via" | "table">): string {
  return `${to}${via === undefined ? "" : ` via ${via}`}${table === "main" ? "" : ` in table ${table}`}`;
}
