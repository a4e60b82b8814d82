import type { Finding } from "kanod-configure";
import { isMapping, pointerParts, shown } from "kanod-configure";
import type { Network } from "../model/network.ts";
import type { Settings } from "../model/settings.ts";

/** Names of keys whose values are secrets, wherever they stand. Those of the schema's `x-kanod-secret`. */
const secretKeys: ReadonlySet<string> = new Set([
  "password",
  "client-key-password",
  "pin",
  "key",
  "keys",
  "shared",
  "passthrough",
]);

/** Whether something within the value is a secret. */
export function holdsSecret(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsSecret);
  if (!isMapping(value)) return false;
  return Object.entries(value).some(([key, item]) => secretKeys.has(key) || holdsSecret(item));
}

/** What a key means where it is absent, so that a renderer which does not know the key expresses it all the same. */
const meaningWhenAbsent: Readonly<Record<string, readonly unknown[]>> = {
  "all-members-active": [false],
  "all-slaves-active": [false],
  "auto-config": [false],
  critical: [false],
  "delay-virtual-functions-rebind": [false],
  dhcp4: [false],
  dhcp6: [false],
  "emit-lldp": [false],
  hidden: [false],
  "ignore-carrier": [false],
  "ipv6-privacy": [false],
  lifetime: ["forever"],
  "on-link": [false],
  optional: [false],
  scope: ["global"],
  "send-hostname": [true],
  type: ["unicast"],
  "use-dns": [true],
  "use-hostname": [true],
  "use-ntp": [true],
  "use-routes": [true],
  wakeonlan: [false],
};

/** An error for each key that has not been read, unless it says what holds anyway. */
export function unexpressed(settings: Settings, renderer: string, network: Network): Finding[] {
  return settings
    .untaken()
    .filter((pointer) => !saysNothing(pointer, network))
    .map((pointer) => cannotExpress(renderer, pointer));
}

export function cannotExpress(renderer: string, pointer: string, why?: string): Finding {
  const parts = pointerParts(pointer).slice(1);
  const key = [...parts].reverse().find((part) => !/^\d+$/.test(part)) ?? "";
  const reason = why === undefined ? "" : `: ${why}`;
  return {
    severity: "error",
    code: "unsupported-by-renderer",
    pointer,
    atKey: true,
    message: `the renderer ${renderer} cannot express ${shown(key)}${reason}`,
    hint: "use an image with netplan, or leave it out",
  };
}

function saysNothing(pointer: string, network: Network): boolean {
  const parts = pointerParts(pointer).slice(1);
  // Also without a setting it makes a bridge or bond one of Open vSwitch.
  if (parts.at(-1) === "openvswitch") return false;
  const value = parts.reduce<unknown>(
    (item, part) => (isMapping(item) || Array.isArray(item) ? (item as Record<string, unknown>)[part] : undefined),
    network.version2,
  );
  if (Array.isArray(value) || isMapping(value)) return Object.keys(value).length === 0;
  return meaningWhenAbsent[parts.at(-1) ?? ""]?.includes(value) ?? false;
}
