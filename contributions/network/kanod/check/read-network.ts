import type { Finding } from "kanod-configure";
import { isMapping } from "kanod-configure";
import { locatorOf, type Network, readVersion2 } from "../model/network.ts";
import { translateVersion1 } from "../version1/translate.ts";
import { checkNetwork } from "./check-network.ts";
import { error } from "./context.ts";

/** A network configuration that was read, or why it was not. */
export interface ReadNetwork {
  /** Undefined where the findings have an error that leaves nothing to look at. */
  network?: Network;
  findings: readonly Finding[];
}

/** Pointer to the section in a configuration. */
const pointer = "/network";

/** The network of a configuration that the schema has accepted, checked. */
export function readNetwork(value: unknown): ReadNetwork {
  if (!isMapping(value)) return { findings: [] };
  if ("network" in value) return { findings: [nested] };
  if (value["version"] !== 1) {
    const network = readVersion2(value, pointer);
    return { network, findings: checkNetwork(network) };
  }
  const { version2, places, findings } = translateVersion1(value, pointer);
  const network = readVersion2(version2, pointer, locatorOf(places));
  return { network, findings: checkNetwork(network, findings) };
}

const nested: Finding = error(
  "nested-network",
  `${pointer}/network`,
  "`network` is nested in `network`: this looks like a complete netplan file",
  { atKey: true, hint: "remove this line and unindent what is below it" },
);
