import { createHash } from "node:crypto";
import type { Distro, Finding, Host, Logger, SystemSettings } from "kanod-configure";
import {
  AgentError,
  CommandError,
  describeInterfaces,
  type InterfaceFacts,
  isMapping,
  readInterfaces,
  requireNoErrors,
} from "kanod-configure";
import { readNetwork } from "../check/read-network.ts";
import { type NetworkSections, rendererSetting } from "../check/sections.ts";
import { runNetworkChecks } from "../checks/network-checks.ts";
import { matchingInterfaces } from "../model/match-interfaces.ts";
import { isPhysical, type Network, settingsOf } from "../model/network.ts";
import { render } from "../renderers/render.ts";
import type { Renderer, Setup } from "../renderers/renderer.ts";
import { selectRenderer } from "../renderers/select.ts";
import { cloudInitSwitch, ownFiles, replaceFiles } from "./files.ts";
import { setupOf, setupOfFiles } from "./setup.ts";
import { switchOver } from "./transition.ts";

export interface NetworkParams {
  conf: NetworkSections;
  system: SystemSettings;
  init: { distro: Distro };
  host: Host;
  log: Logger;
}

/** Remembers what was brought up last, so that a run which finds the same has nothing to do. */
const statePath = "/var/lib/kanod-configure/network.json";

/**
 * Brings the machine's network into the state that the configuration asks for, and checks that it works.
 *
 * @throws AgentError `interface-absent`, `unsupported-by-renderer`, `network-check-failed`, …: before anything is changed
 * as far as it can be known then
 */
export async function configureNetwork(params: NetworkParams): Promise<void> {
  const { conf, host, log } = params;
  const checks = conf.network_checks ?? [];
  if (conf.network === undefined) return await runNetworkChecks(host, checks, log);
  const wanted = await prepare(params);
  const state = await readState(host);
  const before = setupOfFiles(await ownFiles(host, state.files), wanted.setup.renderer, wanted.interfaces);
  try {
    const changed = await putInPlace(params, wanted.setup, before, state.digest);
    if (!changed) log.info(`network: unchanged (${wanted.setup.renderer.name})`);
    await runNetworkChecks(host, checks, log);
  } catch (error) {
    if (conf.network_rollback !== true || !(error instanceof AgentError) || error.code === "netplan-refuses")
      throw error;
    await rollBack(params, wanted.setup, before);
    throw new AgentError(error.code, `${error.message}; the former network configuration is back`, { cause: error });
  }
}

interface Prepared {
  setup: Setup;
  interfaces: readonly InterfaceFacts[];
}

/** All that can be known before anything is changed. */
async function prepare({ conf, system, init, host, log }: NetworkParams): Promise<Prepared> {
  const { network, findings } = readNetwork(conf.network);
  requireNoErrors(findings);
  if (network === undefined) throw new AgentError("bad-network", "the section network cannot be read");
  const interfaces = await readInterfaces(host);
  if (interfaces !== undefined) requireInterfaces(network, interfaces);
  const renderer = await selectRenderer(host, rendererSetting(system), init.distro);
  const machineId = (await host.readFile("/etc/machine-id"))?.trim();
  const context = { interfaces: interfaces ?? [], machineId };
  const rendering = render(network, renderer, context);
  requireExpressible(rendering.findings, renderer);
  for (const { severity, message } of rendering.findings) if (severity === "warning") log.warn(`network: ${message}`);
  const converted = await rendering.convert?.(host, init.distro);
  const files = [...rendering.files, ...(converted ?? []), cloudInitSwitch];
  const setup = setupOf(network, renderer, { ...rendering, files }, interfaces ?? []);
  return { setup, interfaces: interfaces ?? [] };
}

/** True when something had to be done. */
async function putInPlace(
  { host, log }: NetworkParams,
  setup: Setup,
  before: Setup,
  digest: string | undefined,
): Promise<boolean> {
  const wanted = digestOf(setup);
  const { written, removed } = await replaceFiles(host, before.files, setup.files);
  if (written.length === 0 && removed.length === 0 && digest === wanted) return false;
  await host.remove(statePath);
  try {
    await setup.renderer.accept?.(host);
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== "command-not-found")
      await replaceFiles(host, setup.files, before.files);
    throw error;
  }
  log.info(`network: ${setup.renderer.name}: ${written.length} files written, ${removed.length} removed`);
  await switchOver(host, before, setup, log);
  const state = { digest: wanted, files: setup.files.map(({ path }) => path) };
  await host.writeFile(statePath, `${JSON.stringify(state)}\n`, { mode: 0o600 });
  return true;
}

async function rollBack({ host, log }: NetworkParams, setup: Setup, before: Setup): Promise<void> {
  log.warn("network: the former configuration is put back");
  const renames = setup.renames.map(({ from, to }) => ({ from: to, to: from }));
  const former = { ...before, renames };
  await replaceFiles(host, setup.files, former.files);
  await host.remove(statePath);
  await switchOver(host, setup, former, log);
}

/** A named interface that is not there, and may not be missing, is the commonest mistake: it is found before all else. */
function requireInterfaces(network: Network, interfaces: readonly InterfaceFacts[]): void {
  const absent = network.devices.filter((device) => {
    if (!isPhysical(device) || device.kind === "modems" || device.id === "lo") return false;
    const settings = settingsOf(device);
    if (settings.flag("optional") === true || settings.has("link") || settings.has("activation-mode")) return false;
    return matchingInterfaces(device, interfaces).length === 0 && settings.section("match")?.text("name") !== "lo";
  });
  if (absent.length === 0) return;
  const names = absent.map(({ id, pointer }) => `${id} (${network.locate(pointer)})`).join(", ");
  throw new AgentError("interface-absent", `this machine has no interface for ${names}`, {
    hint: `it has: ${describeInterfaces(interfaces)}; a device that may be absent is \`optional: true\``,
  });
}

function requireExpressible(findings: readonly Finding[], { name }: Renderer): void {
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return;
  const list = errors.map(({ pointer, message }) => `${pointer}: ${message}`).join("; ");
  throw new AgentError("unsupported-by-renderer", `not everything can be rendered for ${name}: ${list}`);
}

function digestOf({ renderer, files }: Setup): string {
  return createHash("sha256")
    .update(JSON.stringify([renderer.name, files]))
    .digest("hex");
}

async function readState(host: Host): Promise<{ digest?: string | undefined; files: string[] }> {
  const text = await host.readFile(statePath);
  try {
    const state: unknown = JSON.parse(text ?? "{}");
    if (!isMapping(state)) return { files: [] };
    const { digest, files } = state;
    return {
      digest: typeof digest === "string" ? digest : undefined,
      files: Array.isArray(files) ? files.filter((path) => typeof path === "string") : [],
    };
  } catch {
    return { files: [] };
  }
}
