import type { Host } from "kanod-configure";
import { CommandError } from "kanod-configure";

/** Of units that the machine has: words of systemctl(1). */
export type UnitStates = Record<string, { enabled: string; active: string }>;

export async function unitStates(host: Host, units: readonly string[]): Promise<UnitStates> {
  const states: UnitStates = {};
  for (const unit of new Set(units)) {
    const [enabled, active] = [await ask(host, "is-enabled", unit), await ask(host, "is-active", unit)];
    if (enabled !== "" && enabled !== "not-found") states[unit] = { enabled, active };
  }
  return states;
}

async function ask(host: Host, verb: string, unit: string): Promise<string> {
  try {
    const { stdout } = await host.query(["systemctl", verb, unit], { okExitCodes: [0, 1, 2, 3, 4] });
    return stdout.trim();
  } catch (error) {
    if (error instanceof CommandError) return "";
    throw error;
  }
}

/** Enables, starts, disables and stops what was so, and is not. */
export async function putBackUnits(host: Host, former: UnitStates): Promise<void> {
  const now = await unitStates(host, Object.keys(former));
  const why = "it was so before";
  for (const [unit, { enabled, active }] of Object.entries(former)) {
    const state = now[unit];
    if (enabled === "enabled" && state?.enabled === "disabled") await host.run(["systemctl", "enable", unit], { why });
    if (enabled === "disabled" && state?.enabled === "enabled") await host.run(["systemctl", "disable", unit], { why });
    if (active === "inactive" && state?.active === "active") await host.run(["systemctl", "stop", unit], { why });
    if (active === "active" && state?.active !== "active") await host.run(["systemctl", "start", unit], { why });
  }
}
