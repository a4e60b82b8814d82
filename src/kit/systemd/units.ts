import type { BootParams, OwedActions } from "../../agent/contribution.ts";
import { AgentError } from "../../config/agent-error.ts";
import type { Host } from "../../host/host.ts";
import { beforeChanges } from "../../host/host-with.ts";
import type { Logger } from "../../log/logger.ts";

/** What was done to a service; `not running`: it was started, and a condition of its unit keeps it from running. */
export type ServiceChange = "started" | "restarted" | "same" | "not running";

export type ServiceParams = Pick<BootParams, "host" | "log" | "store">;

/** States of systemctl(1) `is-enabled` in which `enable` has nothing to do. */
const settled: ReadonlySet<string> = new Set([
  "enabled",
  "enabled-runtime",
  "static",
  "alias",
  "indirect",
  "generated",
  "linked",
]);

/** How long a service that systemd has started may be on its way, in seconds. */
const patience = 10;

const restart = "restart";

/** The data of an owed restart: whether systemd has to read unit files before it. */
interface OwedRestart {
  reload: boolean;
}

/**
 * For the `owed` option of contributions that use {@link configureService}: restarts services whose files were changed by
 * a run that was cut off before it could restart them.
 */
export const owedRestarts: OwedActions = {
  [restart]: async ({ host }, { key, data }) => {
    const unit = key.slice(restart.length + 1);
    if ((data as OwedRestart).reload) await reloadUnits(host);
    // A service that does not run reads its new files whenever it is started.
    if ((await activeState(host, unit)) !== "inactive") requireRunning(unit, await bringUp(host, unit, restart));
  },
};

/**
 * Writes the configuration of a service with `write`, and has it run with it, now and after each boot. The restart is owed
 * from before the first file changes until the service runs: give the contribution {@link owedRestarts}. On a target tree
 * the service is only enabled. One that a condition of its unit keeps from running is a warning: a container, for one, has
 * no clock to set.
 *
 * @param unit with its suffix, such as `chrony.service`
 * @param write gets the host that it must write with
 * @param isReadAtStart whether the service reads a file only when it starts; unit files always count as such
 * @throws AgentError `service-not-running`
 */
export async function configureService(
  { host, log, store }: ServiceParams,
  unit: string,
  write: (host: Host) => Promise<unknown>,
  isReadAtStart: (path: string) => boolean = () => true,
): Promise<ServiceChange> {
  const key = `${restart}:${unit}`;
  const owed = async (): Promise<OwedRestart | undefined> => {
    return (await store.owed(restart)).find((action) => action.key === key)?.data as OwedRestart | undefined;
  };
  const watched = beforeChanges(host, async (path) => {
    const reload = path.startsWith("/etc/systemd/system/");
    if (reload || isReadAtStart(path)) await store.owe(key, { reload: reload || (await owed())?.reload === true });
  });
  await write(watched);
  const pending = await owed();
  if (pending === undefined) return ensureService(host, unit, { log });
  await enable(host, unit);
  if (pending.reload) await reloadUnits(host);
  const wasRunning = runningStates.has(await activeState(host, unit));
  const state = await bringUp(host, unit, wasRunning ? restart : "start");
  requireRunning(unit, state);
  await store.settle(key);
  if (state === "inactive") return warnNotRunning(unit, log);
  return wasRunning ? "restarted" : "started";
}

/** Has a service run, now and after each boot, whose configuration nobody changes. On a target tree it is only enabled. */
export async function ensureService(host: Host, unit: string, { log }: { log?: Logger } = {}): Promise<ServiceChange> {
  await enable(host, unit);
  if (runningStates.has(await activeState(host, unit))) return "same";
  const state = await bringUp(host, unit, "start");
  return runningStates.has(state) ? "started" : warnNotRunning(unit, log);
}

const runningStates: ReadonlySet<string> = new Set(["active", "activating", "reloading"]);

function warnNotRunning(unit: string, log: Logger | undefined): ServiceChange {
  log?.warn(`${unit} was started and does not run: \`systemctl status ${unit}\` says why`);
  return "not running";
}

/** Starts or restarts a service. Returns the state that it comes to, or `active` where it is only planned. */
async function bringUp(host: Host, unit: string, verb: "start" | "restart"): Promise<string> {
  const why = verb === "restart" ? "use the new configuration" : "it does not run";
  if ((await host.run(["systemctl", verb, unit], { why })).skipped) return "active";
  for (let waited = 0; ; waited++) {
    const state = await activeState(host, unit);
    if (state !== "activating" || waited >= patience) return state;
    await host.sleep(1);
  }
}

/** @throws AgentError `service-not-running` for a service that failed, or is started again and again */
function requireRunning(unit: string, state: string): void {
  if (state !== "failed" && state !== "activating") return;
  throw new AgentError("service-not-running", `${unit} does not run with its new configuration: it is ${state}`, {
    hint: `\`systemctl status ${unit}\` and \`journalctl -u ${unit}\` say why`,
  });
}

async function activeState(host: Host, unit: string): Promise<string> {
  const { stdout } = await host.query(["systemctl", "is-active", unit], { okExitCodes: [0, 1, 2, 3, 4] });
  return stdout.trim();
}

async function enable(host: Host, unit: string): Promise<void> {
  if (await isEnabled(host, unit)) return;
  await host.run(["systemctl", "enable", unit], { onTree: onTree("enable", unit), why: "start it at every boot" });
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
