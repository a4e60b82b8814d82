import { createHash } from "node:crypto";
import type { Distro, Finding, Host, Logger, RunnableParams, Store, SystemSettings } from "kanod-configure";
import {
  AgentError,
  CommandError,
  describeInterfaces,
  type InterfaceFacts,
  isMapping,
  noProxyEntries,
  readInterfaces,
} from "kanod-configure";
import { type NetworkSections, rendererSetting } from "../check/sections.ts";
import { runNetworkChecks } from "../checks/network-checks.ts";
import { lookAfterwards } from "../look/look.ts";
import { matchingInterfaces } from "../model/match-interfaces.ts";
import { isPhysical, type Network, settingsOf } from "../model/network.ts";
import { render } from "../renderers/render.ts";
import type { Renderer, Rival, Setup } from "../renderers/renderer.ts";
import { selectRenderer } from "../renderers/select.ts";
import { cloudInitSwitch, ownFiles, replaceFiles } from "./files.ts";
import { type Former, formerNetwork, putBackFiles, restore } from "./former.ts";
import { asidePath, rivalFiles, setAside } from "./rivals.ts";
import { setupOf, setupOfFiles } from "./setup.ts";
import { switchOver } from "./transition.ts";

export interface NetworkParams {
  conf: NetworkSections;
  /** The network of `conf`. */
  parsed: Network | undefined;
  system: SystemSettings;
  init: { distro: Distro };
  host: Host;
  log: Logger;
  store: Store;
  defer: RunnableParams["defer"];
}

/** Where version 0.1 remembered what it had brought up. */
const oldStatePath = "/var/lib/kanod-configure/network.json";
/** What is owed from the first change until the new network has passed its checks: the former network. */
const openSwitch = "former-network";

/** Puts the former network back where a run ended before it could: by a kill, or a power cut. */
export async function settleSwitch(
  { host, log, store }: Pick<NetworkParams, "host" | "log" | "store">,
  former: unknown,
): Promise<void> {
  log.warn("network: an earlier run ended while it changed the network");
  await store.delete("digest");
  try {
    await restore(host, former as Former, log);
    log.warn("network: the former network configuration is back");
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== "network-not-restored") throw error;
    // All that can be done is done: to be owed for ever would keep each later run from configuring the network.
    log.error(`network: ${error.message}`);
  }
}

/**
 * Brings the machine's network into the state that the configuration asks for, and checks that it works. What was there
 * before is kept until then, and is put back when something fails, unless `network_rollback` is false.
 *
 * @throws AgentError `interface-absent`, `unsupported-by-renderer`: before anything is changed; `network-differs`,
 * `network-check-failed`: afterwards
 */
export async function configureNetwork(params: NetworkParams): Promise<void> {
  const { conf, host, log, store } = params;
  const makeChecks = (): Promise<void> => {
    const noProxy = noProxyEntries(params.system["no_proxy"]);
    return runNetworkChecks(host, conf.network_checks ?? [], { ...conf, noProxy }, log);
  };
  if (conf.network === undefined) return await makeChecks();
  await store.adopt(oldStatePath, readOldState);
  const wanted = await prepare(params);
  if (await isInPlace(params, wanted)) {
    log.info(`network: unchanged (${wanted.setup.renderer.name})`);
    return await makeChecks();
  }
  const rivals = await rivalFiles(host, wanted.setup, wanted.interfaces);
  const written = [...wanted.setup.files, ...rivals.flatMap(({ path }) => ({ path: asidePath(path) }))];
  const former = await formerNetwork(host, wanted.setup, [...new Set(written.map(({ path }) => path))]);
  const rollback = conf.network_rollback === false ? undefined : await openRollback(params, former);
  try {
    await putInPlace(params, wanted, rivals, former);
    await makeChecks();
    await rollback?.close();
  } catch (error) {
    if (!(error instanceof AgentError) || rollback === undefined) throw error;
    if (error.code !== "netplan-refuses") await rollback.restore(host, error);
    await rollback.close();
    throw error;
  }
}

interface Rollback {
  /** @throws AgentError the error, with what became of the former network */
  restore(host: Host, error: AgentError): Promise<never>;
  close(): Promise<void>;
}

/** From now on the former network is owed, until it is closed. A run that is ended puts it back at its end. */
async function openRollback({ log, store, defer }: NetworkParams, former: Former): Promise<Rollback> {
  await store.owe(openSwitch, former);
  let isOpen = true;
  const close = async (on: Store = store): Promise<void> => {
    isOpen = false;
    await on.settle(openSwitch);
  };
  defer("the former network", async (_, host, own) => {
    if (!isOpen) return;
    await restore(host, former, log);
    await close(own);
    log.warn("network: the run was ended; the former network configuration is back");
  });
  return {
    close,
    restore: async (host, error) => {
      let outcome = "the former network configuration is back";
      try {
        await restore(host, former, log);
      } catch (second) {
        if (!(second instanceof AgentError) || second.code !== "network-not-restored") throw second;
        outcome = second.message;
      }
      await close();
      throw new AgentError(error.code, `${error.message}; ${outcome}`, { cause: error });
    },
  };
}

interface Prepared {
  network: Network;
  setup: Setup;
  interfaces: readonly InterfaceFacts[];
}

/** All that can be known before anything is changed. */
async function prepare({ parsed: network, system, init, host, log }: NetworkParams): Promise<Prepared> {
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
  return { network, setup, interfaces: interfaces ?? [] };
}

/** Whether the files are there as they should be, were brought up, and the machine is as they say. */
async function isInPlace(
  { host, store, log }: NetworkParams,
  { setup, network, interfaces }: Prepared,
): Promise<boolean> {
  if ((await store.get("digest")) !== digestOf(setup)) return false;
  const there = await ownFiles(host, (await store.get<string[]>("files")) ?? []);
  const isThere = setup.files.every(({ path, content, mode }) =>
    there.some((file) => file.path === path && file.content === content && file.mode === mode),
  );
  if (!isThere || there.length !== setup.files.length) return false;
  const different = await lookAfterwards(host, network, interfaces, setup, 0);
  for (const difference of different) log.warn(`network: ${difference}`);
  return different.length === 0;
}

async function putInPlace(
  { host, log, store }: NetworkParams,
  { setup, network, interfaces }: Prepared,
  rivals: readonly Rival[],
  former: Former,
): Promise<void> {
  const own = await ownFiles(host, (await store.get<string[]>("files")) ?? []);
  const before = setupOfFiles(own, setup.renderer, interfaces);
  await store.delete("digest");
  const { written, removed } = await replaceFiles(host, before.files, setup.files);
  for (const rival of rivals) await setAside(host, rival, log);
  try {
    await setup.renderer.accept?.(host);
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== "command-not-found") {
      await putBackFiles(host, former);
    }
    throw error;
  }
  log.info(`network: ${setup.renderer.name}: ${written.length} files written, ${removed.length} removed`);
  await switchOver(host, before, setup, log);
  // In a plan nothing has happened: there is nothing to look at.
  const { skipped } = await host.run(["ip", "-json", "address", "show"], { why: "see that it is as asked for" });
  const different = skipped ? [] : await lookAfterwards(host, network, interfaces, setup);
  if (different.length > 0) {
    throw new AgentError("network-differs", `the network is not as it was asked for: ${different.join("; ")}`, {
      hint: "a device that may be absent or without a carrier is `optional: true`",
    });
  }
  await store.set(
    "files",
    setup.files.map(({ path }) => path),
  );
  await store.set("digest", digestOf(setup));
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

/** The state of version 0.1; undefined where it is damaged. */
function readOldState(text: string): Record<string, unknown> | undefined {
  try {
    const state: unknown = JSON.parse(text);
    if (!isMapping(state)) return undefined;
    const { digest, files } = state;
    return { ...(typeof digest === "string" ? { digest } : {}), ...(Array.isArray(files) ? { files } : {}) };
  } catch {
    return undefined;
  }
}
