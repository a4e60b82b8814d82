/**
 * The other side of a guest's network cables: a network namespace with the servers that a test needs.
 *
 * ```ts
 * await using lab = await networkLab();
 * await lab.plug(guest, { lab: "lan0", guest: "eth0", mac: "52:54:00:00:00:01", addresses: ["192.0.2.1/24"] });
 * lab.start(["dnsmasq", "--keep-in-foreground", …]);
 * ```
 *
 * Needs root, `ip`, `ping` and dnsmasq. Leaving the scope ends the servers and removes the namespace with its cables.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import type { Guest } from "./nspawn.ts";

const exec = promisify(execFile);

export interface Cable {
  /** Name of the end in the lab. */
  lab: string;
  /** Name of the end in the guest. */
  guest: string;
  /** MAC address of the end in the guest. */
  mac: string;
  /** Addresses of the end in the lab, with prefix lengths. */
  addresses?: readonly string[];
}

export interface NetworkLab extends AsyncDisposable {
  /** Plugs a cable into a guest that runs, or boots. */
  plug(guest: Pick<Guest, "leader">, cable: Cable): Promise<void>;
  /** Runs a command in the namespace; its standard output. */
  run(argv: readonly string[]): Promise<string>;
  /** Starts a server in the namespace, which is ended with the lab. */
  start(argv: readonly string[]): ChildProcess;
  /** Whether a command in the namespace succeeds. */
  succeeds(argv: readonly string[]): Promise<boolean>;
}

/** Why {@link networkLab} cannot work here, or undefined where it can. */
export function labObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  const missing = ["ip", "ping", "dnsmasq"].find(
    (tool) => !["/usr/sbin", "/usr/bin"].some((dir) => existsSync(`${dir}/${tool}`)),
  );
  return missing === undefined ? undefined : `needs ${missing}`;
}

export async function networkLab(): Promise<NetworkLab> {
  await deleteNamespacesOfTheDead();
  const name = `kanod-${process.pid}-${randomUUID().slice(0, 8)}`;
  const servers: ChildProcess[] = [];
  await exec("ip", ["netns", "add", name]);
  const run = async (argv: readonly string[]): Promise<string> =>
    (await exec("ip", ["netns", "exec", name, ...argv], { timeout: 60_000 })).stdout;
  await run(["ip", "link", "set", "lo", "up"]);
  const plug = async (guest: Pick<Guest, "leader">, cable: Cable): Promise<void> => {
    const place = ["netns", String(guest.leader)];
    const far = ["type", "veth", "peer", "name", cable.guest, "address", cable.mac, ...place];
    await exec("ip", ["link", "add", cable.lab, "netns", name, ...far]);
    for (const address of cable.addresses ?? []) {
      await run(["ip", "address", "add", address, "dev", cable.lab, ...(address.includes(":") ? ["nodad"] : [])]);
    }
    await run(["ip", "link", "set", cable.lab, "up"]);
  };
  return {
    run,
    succeeds: (argv) =>
      run(argv).then(
        () => true,
        () => false,
      ),
    start: (argv) => {
      // The namespace is entered in the process itself: ending it ends the server.
      const server = spawn("setpriv", ["--pdeathsig", "KILL", "ip", "netns", "exec", name, ...argv], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      server.stderr?.on("data", () => undefined);
      servers.push(server);
      return server;
    },
    plug,
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) server.kill("SIGKILL");
      await exec("ip", ["netns", "delete", name]);
    },
  };
}

/** A process that was killed leaves its namespaces, whose names have its id. */
async function deleteNamespacesOfTheDead(): Promise<void> {
  const { stdout } = await exec("ip", ["netns", "list"]);
  for (const [name, pid] of stdout.matchAll(/^kanod-(\d+)-\w+/gm)) {
    // Another process may be at it, too.
    if (!existsSync(`/proc/${pid}`)) await exec("ip", ["netns", "delete", name]).catch(() => undefined);
  }
}
