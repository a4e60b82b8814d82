import type { Host } from "../../host/host.ts";

/** What was done to a service. */
export type ServiceChange = "started" | "restarted" | "same";

export interface ServiceOptions {
  /** Its configuration changed: it is restarted also where it runs. */
  changed: boolean;
}

/** States of systemctl(1) `is-enabled` in which `enable` has nothing to do. */
const settled = new Set(["enabled", "enabled-runtime", "static", "alias", "indirect", "generated", "linked"]);

/**
 * Has a service run with its present configuration, now and after each boot. On a target tree it is only enabled.
 * `unit` has its suffix, such as `chrony.service`.
 */
export async function ensureService(host: Host, unit: string, { changed }: ServiceOptions): Promise<ServiceChange> {
  await enable(host, unit);
  const active = await host.query(["systemctl", "is-active", unit], { okExitCodes: [0, 1, 2, 3, 4] });
  const isActive = active.stdout.trim() === "active";
  if (isActive && !changed) return "same";
  const verb = isActive ? "restart" : "start";
  await host.run(["systemctl", verb, unit], { why: changed ? "use the new configuration" : "it does not run" });
  return isActive ? "restarted" : "started";
}

/** Has systemd read its unit files again. */
export async function reloadUnits(host: Host): Promise<void> {
  await host.run(["systemctl", "daemon-reload"], { why: "read the changed unit files" });
}

async function enable(host: Host, unit: string): Promise<void> {
  const onTree = (verb: string) => (root: string) => ["systemctl", `--root=${root}`, verb, unit];
  const state = await host.query(["systemctl", "is-enabled", unit], {
    okExitCodes: [0, 1, 2, 3, 4],
    onTree: onTree("is-enabled"),
  });
  if (settled.has(state.stdout.trim())) return;
  await host.run(["systemctl", "enable", unit], { onTree: onTree("enable"), why: "start it at every boot" });
}

/** Whether systemd has a unit of this name, by the folders in which packages and administrators put them. */
export async function hasUnit(host: Host, unit: string): Promise<boolean> {
  for (const folder of ["/usr/lib/systemd/system", "/lib/systemd/system", "/etc/systemd/system"]) {
    if ((await host.stat(`${folder}/${unit}`)) !== undefined) return true;
  }
  return false;
}
