import type { Finding } from "kanod-configure";
import { isMapping } from "kanod-configure";
import { stringify } from "yaml";
import { type Device, type Network, settingsOf } from "../../model/network.ts";
import type { Settings } from "../../model/settings.ts";
import { cannotExpress, holdsSecret } from "../expressible.ts";
import { fileHeader } from "../ini.ts";
import type { Rendering } from "../renderer.ts";

/** Where cloud-init's renderer writes too, so that the one replaces the other. */
export const netplanFile = "/etc/netplan/50-cloud-init.yaml";

/** Version 2 is netplan's own form: nothing is lost. `netplan generate` has the last word about it. */
export function renderNetplan(network: Network): Rendering {
  // netplan reads YAML 1.1: what would be a number or a boolean there is quoted.
  const text = stringify({ network: network.version2 }, { version: "1.1", aliasDuplicateObjects: false, lineWidth: 0 });
  const secret = holdsSecret(network.version2);
  const file = { path: netplanFile, content: fileHeader + text, mode: 0o600, secret };
  return { files: [file], findings: network.devices.flatMap((device) => differentOverrides(device, network)) };
}

/** netplan's networkd back end takes one set of overrides for both families, and refuses two that differ. */
function differentOverrides(device: Device, network: Network): Finding[] {
  const settings = settingsOf(device);
  const section = network.version2[device.kind];
  const backEnd = [
    settings.text("renderer"),
    isMapping(section) ? section["renderer"] : undefined,
    network.version2["renderer"],
  ].find((name) => name !== undefined);
  const both = settings.flag("dhcp4") === true && settings.flag("dhcp6") === true;
  if (!both || backEnd === "NetworkManager" || foreignKinds.includes(device.kind)) return [];
  const [four, six] = (["dhcp4-overrides", "dhcp6-overrides"] as const).map((key) => settings.section(key));
  const keys = [...new Set([...(four?.keys() ?? []), ...(six?.keys() ?? [])])];
  const differing = keys.find((key) => meaning(four, key) !== meaning(six, key));
  if (differing === undefined) return [];
  const at = four?.has(differing) === true ? four.at(differing) : (six?.at(differing) ?? device.pointer);
  const { hint: _, ...finding } = cannotExpress("netplan", at, "with dhcp4 and dhcp6 both need the same overrides");
  return [finding];
}

/** netplan has no way to say networkd about these. */
const foreignKinds = ["modems", "nm-devices"];

/** Booleans that are not given are true, but for `use-domains`. */
function meaning(overrides: Settings | undefined, key: string): string {
  const text = overrides?.text(key);
  return text ?? (key.startsWith("use-") || key === "send-hostname" ? (key === "use-domains" ? "" : "true") : "");
}
