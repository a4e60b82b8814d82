import type { Host, Logger } from "kanod-configure";
import { CommandError, ensureService } from "kanod-configure";
import { commandTimeout, hasProgram, waitForInterfaces } from "../programs.ts";
import type { Renderer, Setup } from "../renderer.ts";
import { keyfileFolder, renderNetworkManager } from "./render.ts";

export const networkManager: Renderer = {
  name: "network-manager",
  backEnd: "NetworkManager",
  files: [
    { folder: keyfileFolder, name: /./, own: /^cloud-init-/ },
    { folder: "/etc/NetworkManager/conf.d", name: /\.conf$/, own: /^30-cloud-init-ip6-addr-gen-mode\.conf$/ },
  ],
  units: ["NetworkManager.service"],
  available: (host) => hasProgram(host, "nmcli"),
  render: renderNetworkManager,
  read: (files) => {
    const profiles = files.flatMap(({ path }) => (path.endsWith(".nmconnection") ? [["filename", path]] : []));
    return profiles.length === 0 ? undefined : { names: [], made: [], profiles };
  },
  holds: async (host) => {
    const active = await activeConnections(host);
    const profiles = active.map(({ uuid, device }) => ["uuid", uuid, "ifname", device]);
    return { names: active.map(({ device }) => device), profiles };
  },
  start,
};

async function activeConnections(host: Host): Promise<{ uuid: string; device: string }[]> {
  try {
    const { stdout } = await host.query(["nmcli", "-g", "UUID,DEVICE", "connection", "show", "--active"]);
    return stdout.split("\n").flatMap((line) => {
      const [uuid = "", device = ""] = line.split(":");
      return uuid === "" || device === "" || device === "lo" ? [] : [{ uuid, device }];
    });
  } catch (error) {
    // Where it does not run it has nothing in hand.
    if (error instanceof CommandError) return [];
    throw error;
  }
}

async function start(host: Host, { profiles }: Setup, log: Logger): Promise<void> {
  const service = await ensureService(host, "NetworkManager.service");
  if (service === "same") {
    await host.run(["nmcli", "connection", "reload"], { timeout: commandTimeout, why: "read the new configuration" });
  }
  for (const profile of profiles) await activate(host, profile, log);
}

async function activate(host: Host, profile: readonly string[], log: Logger): Promise<void> {
  const argv = ["nmcli", "--wait", String(waitForInterfaces), "connection", "up", ...profile];
  try {
    await host.run(argv, { timeout: waitForInterfaces + 30, why: "activate the connection" });
  } catch (error) {
    if (!(error instanceof CommandError) || error.code === "command-not-found") throw error;
    const reason = error.stderr.trim().split("\n").at(-1) || error.message;
    log.warn(`network: a connection is not up: ${reason}`, { path: profile.at(-1) ?? "" });
  }
}
