import type { Host, Logger } from "kanod-configure";
import { AgentError } from "kanod-configure";
import { type NetworkState, networkState } from "../look/machine-state.ts";
import { missingOf } from "../look/missing.ts";
import { renderers } from "../renderers/list.ts";
import type { KeptFile, Renderer, Setup } from "../renderers/renderer.ts";
import { rendererNamed } from "../renderers/select.ts";
import { allFiles, replaceFiles } from "./files.ts";
import { renameInterfaces } from "./transition.ts";
import { putBackUnits, type UnitStates, unitStates } from "./units.ts";

/** How long the former network may take to be in effect again, in seconds. */
const patience = 45;

/** What a machine's network was before it was changed, and what the change makes. JSON; it holds keys. */
export interface Former {
  files: KeptFile[];
  units: UnitStates;
  /** Which renderer had which interfaces in hand. */
  held: { renderer: string; names: readonly string[]; profiles: readonly (readonly string[])[] }[];
  /** Undefined where nobody can know. */
  state: NetworkState | undefined;
  /** The renderer of the new network. */
  renderer: string;
  written: string[];
  made: readonly string[];
  renames: Setup["renames"];
}

/** Everything that a rollback needs. `written` are paths of files that the new network is about to write. */
export async function formerNetwork(host: Host, setup: Setup, written: string[]): Promise<Former> {
  const held: Former["held"] = [];
  for (const renderer of renderers) {
    const its = await renderer.holds?.(host);
    if (its !== undefined && its.names.length > 0) held.push({ renderer: renderer.name, ...its });
  }
  const files = await allFiles(host, written);
  // No service runs that could say so: the files tell what it would do.
  for (const renderer of held.length > 0 ? [] : renderers) {
    const its = renderer.read?.(files, []);
    if (its !== undefined) held.push({ renderer: renderer.name, names: its.names, profiles: its.profiles });
  }
  return {
    files,
    units: await unitStates(
      host,
      renderers.flatMap(({ units }) => units),
    ),
    held,
    state: await networkState(host),
    renderer: setup.renderer.name,
    written,
    made: setup.made,
    renames: setup.renames,
  };
}

/**
 * Puts files and services back, has the renderers that had the interfaces bring them up, and compares with what was.
 *
 * @throws AgentError `network-not-restored`, with what is missing: all that can be done is done then
 */
export async function restore(host: Host, former: Former, log: Logger): Promise<void> {
  log.warn("network: the former network is put back");
  await putBackFiles(host, former);
  const faults: string[] = [];
  const attempt = async (action: () => Promise<unknown>): Promise<void> => {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      faults.push(error.message);
    }
  };
  await attempt(() => putBackUnits(host, former.units));
  await attempt(() => leave(host, former));
  for (const setup of heldSetups(former)) await attempt(() => setup.renderer.start(host, setup, log));
  if (former.state === undefined) {
    if (faults.length > 0) throw notRestored(faults);
    return;
  }
  await attempt(() => putBackUnmanaged(host, former, former.state as NetworkState));
  const missing = await missingAfter(host, former.state);
  if (missing.length > 0) throw notRestored([...missing, ...faults]);
}

/** The files as they were, without those of the new network. */
export async function putBackFiles(host: Host, { files, written }: Former): Promise<void> {
  const stubs = written.map((path) => ({ path, content: "", mode: 0o600, secret: true }));
  await replaceFiles(host, stubs, files);
}

function notRestored(missing: readonly string[]): AgentError {
  const message = `the former network could not be restored completely: ${missing.join("; ")}`;
  return new AgentError("network-not-restored", message, { hint: "its files are back; a reboot may help" });
}

/** Takes away what only the new network has. */
async function leave(host: Host, former: Former): Promise<void> {
  const renderer = rendererNamed(former.renderer);
  const kept = former.state?.links.map(({ name }) => name) ?? [];
  const base = { files: former.files, awaited: [], profiles: [], renames: [] };
  const names = former.held.flatMap((each) => each.names);
  if (renderer !== undefined) {
    const from: Setup = { ...base, renderer, names: [], made: former.made.filter((name) => !kept.includes(name)) };
    const to: Setup = { ...base, renderer: heldSetups(former)[0]?.renderer ?? renderer, names, made: [] };
    await (await renderer.takeOver?.(host, from, to))?.();
  }
  const present = new Set((await host.list("/sys/class/net")) ?? []);
  const back = former.renames.filter(({ to }) => present.has(to)).map(({ from, to }) => ({ from: to, to: from }));
  await renameInterfaces(host, back);
}

function heldSetups(former: Former): Setup[] {
  const { files } = former;
  return former.held.flatMap(({ renderer: name, names, profiles }) => {
    const renderer: Renderer | undefined = rendererNamed(name);
    if (renderer === undefined) return [];
    const links = former.state?.links.filter((link) => names.includes(link.name) && link.addresses.length > 0) ?? [];
    return [{ renderer, files, names, profiles, awaited: links.map((link) => link.name), made: [], renames: [] }];
  });
}

/** What no renderer had in hand, such as an address of the kernel's command line. Source: ip-address(8), ip-route(8). */
async function putBackUnmanaged(host: Host, former: Former, state: NetworkState): Promise<void> {
  const held = new Set(former.held.flatMap(({ names }) => names));
  const touched = new Set(former.written.length === 0 ? [] : state.links.map(({ name }) => name));
  const why = "nothing but the kernel had it";
  for (const link of state.links.filter(({ name }) => !held.has(name) && touched.has(name) && name !== "lo")) {
    const now = (await networkState(host))?.links.find(({ name }) => name === link.name);
    if (now === undefined) continue;
    const changed = JSON.stringify(now) !== JSON.stringify(link);
    const dev = ["dev", link.name];
    if (!changed) continue;
    await host.run(["ip", "link", "set", ...dev, "mtu", String(link.mtu), link.up ? "up" : "down"], { why });
    if (link.master === undefined && now.master !== undefined) {
      await host.run(["ip", "link", "set", ...dev, "nomaster"], { why });
    }
    const gone = now.addresses.filter(({ text }) => !link.addresses.some((each) => each.text === text));
    for (const { text } of gone) await host.run(["ip", "address", "delete", text, ...dev], { why });
    for (const { text } of link.addresses) await host.run(["ip", "address", "replace", text, ...dev], { why });
  }
  for (const route of state.routes.filter((each) => !held.has(each.interface) && each.protocol !== "ra")) {
    const { family, to, via, interface: dev, table, metric, protocol } = route;
    const gateway = via === undefined ? [] : ["via", via];
    const rest = ["dev", dev, "table", table, "proto", protocol, ...(metric > 0 ? ["metric", String(metric)] : [])];
    await host.run(["ip", `-${family}`, "route", "replace", to, ...gateway, ...rest], { why });
  }
}

async function missingAfter(host: Host, state: NetworkState): Promise<string[]> {
  const deadline = host.now().getTime() + patience * 1000;
  for (;;) {
    const now = await networkState(host);
    const missing = now === undefined ? [] : missingOf(state, now);
    if (missing.length === 0 || host.now().getTime() >= deadline) return missing;
    await host.sleep(1);
  }
}
