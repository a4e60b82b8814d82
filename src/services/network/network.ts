import type { Finding } from "../../agent/contribution.ts";
import { isMapping } from "../../config/mapping.ts";
import { checkNetwork } from "./check/check-network.ts";
import { locatorOf, type Network, readVersion2 } from "./model.ts";
import { translateVersion1 } from "./version1.ts";

/** A network configuration that was read, or why it was not. */
export interface ReadNetwork {
  /** Undefined where the findings have an error that leaves nothing to look at. */
  network?: Network;
  findings: readonly Finding[];
}

/**
 * The network of a configuration that the schema has accepted, checked. `pointer` is where it stands in the
 * configuration.
 */
export function readNetwork(value: unknown, pointer = "/network"): ReadNetwork {
  if (!isMapping(value)) return { findings: [] };
  if ("network" in value) return { findings: [nested(pointer)] };
  if (value["version"] !== 1) {
    const network = readVersion2(value, pointer);
    return { network, findings: checkNetwork(network) };
  }
  const { version2, places, findings } = translateVersion1(value, pointer);
  const network = readVersion2(version2, pointer, locatorOf(places));
  return { network, findings: [...findings, ...checkNetwork(network)] };
}

function nested(pointer: string): Finding {
  return {
    severity: "error",
    code: "nested-network",
    pointer: `${pointer}/network`,
    atKey: true,
    message: "`network` stands within `network`: a whole netplan file was put in",
    hint: "remove this line, and move what is below it to the left",
  };
}
