import { stringify } from "yaml";
import type { Network } from "../model.ts";
import { fileHeader } from "./ini.ts";
import { holdsSecret, type Rendering } from "./rendering.ts";

/** Where cloud-init's renderer writes too, so that the one replaces the other. */
export const netplanFile = "/etc/netplan/50-cloud-init.yaml";

/** Version 2 is netplan's own form: nothing is lost. `netplan generate` has the last word about it. */
export function renderNetplan(network: Network): Rendering {
  // netplan reads YAML 1.1: what would be a number or a boolean there is quoted.
  const text = stringify({ network: network.version2 }, { version: "1.1", aliasDuplicateObjects: false, lineWidth: 0 });
  const file = { path: netplanFile, content: fileHeader + text, mode: 0o600, secret: holdsSecret(network.version2) };
  return { files: [file], findings: [] };
}
