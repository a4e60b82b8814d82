import type { Host } from "../../host/host.ts";
import type { Logger } from "../../log/logger.ts";

/** What was done to a service; `not running`: it was started, and a condition of its unit keeps it from running. */
export type ServiceChange = "started" | "restarted" | "same" | "not running";

export interface ServiceOptions {
  /** Its configuration changed: it is restarted also where it runs. */
  changed: boolean;
  /** Where it is said that the service does not run. */
  log?: Logger;
}

/** States of systemctl(1) `is-enabled` in which `enable` has nothing to do. */
const settled = new Set(["enabled", "enabled-runtime", "static", "alias", "indirect", "generated", "linked"]);

/**
 * Has a service run with its present configuration, now and after each boot. On a target tree it is only enabled.
 * `unit` has its suffix, such as `chrony.service`. A service that does not run afterwards is a warning: a container, for
 * one, has no clock to set.
 */
export async function ensureService(
  host: Host,
  unit: string,
  { changed, log }: ServiceOptions,
): Promise<ServiceChange> {
  const [isSettled, wasActive] = await Promise.all([isEnabled(host, unit), isActive(host, unit)]);
  if (!isSettled)
    await host.run(["systemctl", "enable", unit], { onTree: onTree("enable", unit), why: "start it at every boot" });
  if (wasActive && !changed) return "same";
  const why = changed ? "use the new configuration" : "it does not run";
  const { skipped } = await host.run(["systemctl", wasActive ? "restart" : "start", unit], { why });
  if (skipped || (await isActive(host, unit))) return wasActive ? "restarted" : "started";
  log?.warn(`${unit} was started and does not run: \`systemctl status ${unit}\` says why`);
  return "not running";
}

async function isActive(host: Host, unit: string): Promise<boolean> {
  const { stdout } = await host.query(["systemctl", "is-active", unit], { okExitCodes: [0, 1, 2, 3, 4] });
  return ["active", "activating", "reloading"].includes(stdout.trim());
}

/** Has systemd read its unit files again. */
export async function reloadUnits(host: Host): Promise<void> {
  await host.run(["systemctl", "daemon-reload"], { why: "read the changed unit files" });
}

async function isEnabled(host: Host, unit: string): Promise<boolean> {
  const { stdout } = await host.query(["systemctl", "is-enabled", unit], {
    okExitCodes: [0, 1, 2, 3, 4],
    onTree: onTree("is-enabled", unit),
  });
  return settled.has(stdout.trim());
}

function onTree(verb: string, unit: string): (root: string) => string[] {
  return (root) => ["systemctl", `--root=${root}`, verb, unit];
}

/** Whether systemd has a unit of this name, by the folders in which packages and administrators put them. */
export async function hasUnit(host: Host, unit: string): Promise<boolean> {
  for (const folder of ["/usr/lib/systemd/system", "/lib/systemd/system", "/etc/systemd/system"]) {
    if ((await host.stat(`${folder}/${unit}`)) !== undefined) return true;
  }
  return false;
}
