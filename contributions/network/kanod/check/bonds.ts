import type { Finding } from "kanod-configure";
import { parseAddress, shown } from "kanod-configure";
import { type Device, settingsOf } from "../model/network.ts";
import type { Settings } from "../model/settings.ts";
import { error, type Rule, warning } from "./context.ts";

/** The modes in which a parameter has an effect. Source: Linux, Documentation/networking/bonding.rst. */
const modesOf: Readonly<Record<string, readonly string[]>> = {
  "lacp-rate": ["802.3ad"],
  "ad-select": ["802.3ad"],
  "min-links": ["802.3ad"],
  "transmit-hash-policy": ["balance-xor", "802.3ad", "balance-tlb"],
  "fail-over-mac-policy": ["active-backup"],
  "gratuitous-arp": ["active-backup"],
  "gratuitious-arp": ["active-backup"],
  "packets-per-slave": ["balance-rr"],
  "packets-per-member": ["balance-rr"],
  "learn-packet-interval": ["balance-tlb", "balance-alb"],
  primary: ["active-backup", "balance-tlb", "balance-alb"],
  "primary-reselect-policy": ["active-backup", "balance-tlb", "balance-alb"],
  "resend-igmp": ["balance-rr", "active-backup", "balance-tlb", "balance-alb"],
  "arp-all-targets": ["active-backup"],
};
/** The kernel refuses ARP monitoring in these. */
const modesWithoutArp = ["802.3ad", "balance-tlb", "balance-alb"];
const openVSwitchModes = ["balance-tcp", "balance-slb"];
/** Two spellings of one parameter. */
const aliases = [
  ["gratuitous-arp", "gratuitious-arp"],
  ["packets-per-member", "packets-per-slave"],
  ["all-members-active", "all-slaves-active"],
] as const;

/** Parameters of bonds fit their mode and each other. */
export const bonds: Rule = ({ network }) => {
  const patches = network.version2["openvswitch"] !== undefined;
  return network.devices.flatMap((device) => {
    const parameters = device.kind === "bonds" ? settingsOf(device).section("parameters") : undefined;
    if (parameters === undefined) return [];
    const mode = parameters.text("mode") ?? "balance-rr";
    return [
      ...unusedParameters(parameters, mode),
      ...openVSwitchMode(device, parameters, mode, patches),
      ...monitoring(parameters, mode),
      ...primary(device, parameters),
      ...spelledTwice(parameters),
    ];
  });
};

function unusedParameters(parameters: Settings, mode: string): Finding[] {
  return parameters.keys().flatMap((key) => {
    const modes = modesOf[key];
    if (modes === undefined || modes.includes(mode) || openVSwitchModes.includes(mode)) return [];
    const message = `${key} has no effect in the mode ${shown(mode)}: it is for ${modes.join(", ")}`;
    return [warning("bond-parameter-without-effect", parameters.at(key), message, { atKey: true })];
  });
}

function openVSwitchMode(device: Device, parameters: Settings, mode: string, patches: boolean): Finding[] {
  if (!openVSwitchModes.includes(mode) || patches || settingsOf(device).has("openvswitch")) return [];
  const message = `the mode ${shown(mode)} is one of Open vSwitch: the bond needs the key openvswitch`;
  return [error("bond-mode-needs-openvswitch", parameters.at("mode"), message)];
}

function monitoring(parameters: Settings, mode: string): Finding[] {
  const isSet = (key: string): boolean => parameters.has(key) && !/^0\D*$/.test(parameters.text(key) ?? "");
  const [arp, mii] = [isSet("arp-interval"), isSet("mii-monitor-interval")];
  const at = parameters.at("arp-interval");
  const findings: Finding[] = [];
  if (arp && modesWithoutArp.includes(mode)) {
    const message = `ARP monitoring does not work in the mode ${shown(mode)}`;
    findings.push(error("bond-parameter-conflict", at, message, { hint: "use mii-monitor-interval", atKey: true }));
  } else if (arp && mii) {
    const message = "arp-interval and mii-monitor-interval switch each other off: keep one of them";
    findings.push(error("bond-parameter-conflict", at, message, { atKey: true }));
  }
  const targets = parameters.texts("arp-ip-targets");
  if (arp && targets.length === 0) {
    findings.push(error("missing-arp-targets", at, "arp-interval needs arp-ip-targets", { atKey: true }));
  }
  for (const [index, target] of targets.entries()) {
    if (parseAddress(target)?.family === 4) continue;
    const place = `${parameters.at("arp-ip-targets")}/${index}`;
    findings.push(error("bad-address", place, `${shown(target)} is no IPv4 address`));
  }
  for (const key of ["up-delay", "down-delay"]) {
    if (!isSet(key) || mii) continue;
    const message = `${key} has no effect without mii-monitor-interval`;
    findings.push(warning("bond-parameter-without-effect", parameters.at(key), message, { atKey: true }));
  }
  return findings;
}

function primary(device: Device, parameters: Settings): Finding[] {
  const name = parameters.text("primary");
  if (name === undefined || settingsOf(device).texts("interfaces").includes(name)) return [];
  return [error("unknown-device", parameters.at("primary"), `${shown(name)} is no port of this bond`)];
}

function spelledTwice(parameters: Settings): Finding[] {
  return aliases.flatMap(([first, second]) => {
    if (!parameters.has(first) || !parameters.has(second)) return [];
    const message = `${second} is another word for ${first}, which is there as well`;
    return [error("exclusive-keys", parameters.at(second), message, { atKey: true })];
  });
}
