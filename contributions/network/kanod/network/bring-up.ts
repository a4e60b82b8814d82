import type { Host, Logger } from "kanod-configure";
import { CommandError, ensureService, hasUnit } from "kanod-configure";
import type { RendererName } from "./render/rendering.ts";
import type { Setup } from "./setup.ts";

/** How long the interfaces may take to be configured before a warning, in seconds. */
const waitForInterfaces = 60;
/** How long one command that (re)starts the network may take, in seconds. */
export const commandTimeout = 180;

type Starter = (host: Host, setup: Setup, log: Logger) => Promise<void>;

/** Has the services read the configuration that stands on the machine now. Each step is bounded in time. */
export const bringUp: Starter = (host, setup, log) => starters[setup.renderer](host, setup, log);

const starters: Readonly<Record<RendererName, Starter>> = {
  netplan: async (host, setup, log) => {
    await host.run(["netplan", "apply"], { timeout: commandTimeout, why: "bring the network up" });
    await waitOnline(host, setup, log);
  },
  networkd: startNetworkd,
  "network-manager": startNetworkManager,
  sysconfig: startSysconfig,
  eni: (host) => restart(host, "networking.service"),
};

async function startNetworkd(host: Host, setup: Setup, log: Logger): Promise<void> {
  if (await hasUnit(host, "systemd-resolved.service")) {
    await ensureService(host, "systemd-resolved.service", { changed: false });
  }
  const service = await ensureService(host, "systemd-networkd.service", { changed: false });
  if (service === "same") {
    await host.run(["networkctl", "reload"], { timeout: commandTimeout, why: "read the new configuration" });
    const present = new Set((await host.list("/sys/class/net")) ?? []);
    const affected = setup.names.filter((name) => present.has(name) && name !== "lo");
    if (affected.length > 0) {
      await host.run(["networkctl", "reconfigure", ...affected], { timeout: commandTimeout, why: "use it" });
    }
  }
  await waitOnline(host, setup, log);
}

/** Waits for the interfaces that have to be online; one that is late is a warning, for the checks to judge. */
async function waitOnline(host: Host, { awaited }: Setup, log: Logger): Promise<void> {
  const program = await waitProgram(host);
  if (awaited.length === 0 || program === undefined) return;
  const interfaces = awaited.map((name) => `--interface=${name}`);
  const waited = await host.run([program, `--timeout=${waitForInterfaces}`, ...interfaces], {
    okExitCodes: [0, 1],
    timeout: waitForInterfaces + 30,
    why: "wait for the network",
  });
  if (waited.exitCode === 0) return;
  log.warn(`network: not all of ${awaited.join(", ")} are online after ${waitForInterfaces} s`);
}

async function waitProgram(host: Host): Promise<string | undefined> {
  for (const folder of ["/usr/lib/systemd", "/lib/systemd"]) {
    const path = `${folder}/systemd-networkd-wait-online`;
    if ((await host.stat(path)) !== undefined) return path;
  }
  return undefined;
}

async function startNetworkManager(host: Host, { connections }: Setup, log: Logger): Promise<void> {
  const service = await ensureService(host, "NetworkManager.service", { changed: false });
  if (service === "same") {
    await host.run(["nmcli", "connection", "reload"], { timeout: commandTimeout, why: "read the new configuration" });
  }
  for (const path of connections) await activate(host, path, log);
}

async function activate(host: Host, path: string, log: Logger): Promise<void> {
  const argv = ["nmcli", "--wait", String(waitForInterfaces), "connection", "up", "filename", path];
  try {
    await host.run(argv, { timeout: waitForInterfaces + 30, why: "activate the connection" });
  } catch (error) {
    if (!(error instanceof CommandError) || error.code === "command-not-found") throw error;
    const reason = error.stderr.trim().split("\n").at(-1) || error.message;
    log.warn(`network: a connection is not up: ${reason}`, { path });
  }
}

/** Red Hat's scripts, NetworkManager with the ifcfg plugin, or SUSE's wicked: whichever runs the network there. */
async function startSysconfig(host: Host): Promise<void> {
  if (await hasUnit(host, "wicked.service")) {
    await host.run(["wicked", "ifreload", "all"], { timeout: commandTimeout, why: "bring the network up" });
  } else {
    const hasManager = await hasUnit(host, "NetworkManager.service");
    await restart(host, hasManager ? "NetworkManager.service" : "network.service");
  }
}

async function restart(host: Host, unit: string): Promise<void> {
  await host.run(["systemctl", "restart", unit], { timeout: commandTimeout, why: "bring the network up" });
}
