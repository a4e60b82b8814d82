import { type Address, type Family, type Prefix, parseAddress, parseNetwork } from "kanod-configure";
import type { Settings } from "./settings.ts";

/** A static route of a device. */
export interface Route {
  settings: Settings;
  to: string;
  /** What it leads to, unless that is `default`, and its gateway, where they can be read. */
  destination: Prefix | undefined;
  gateway: Address | undefined;
  family: Family | undefined;
}

/** The static routes of a device. */
export function readRoutes(settings: Settings): Route[] {
  return settings.sections("routes").map(routeOf);
}

function routeOf(settings: Settings): Route {
  const [to = "", via, from] = ["to", "via", "from"].map((key) => settings.text(key));
  const destination = parseNetwork(to);
  const gateway = via === undefined ? undefined : parseAddress(via);
  const family = destination?.family ?? gateway?.family ?? parseAddress(from ?? "")?.family;
  return { settings, to, destination, gateway, family };
}
