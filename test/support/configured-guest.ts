/**
 * A Debian guest with an agent in it that was compiled from some of the contributions: what a machine does on its first
 * boot, without building an image.
 *
 * ```ts
 * const machine = await configuredGuest({ elements: ["ntp"], packages: ["chrony"] });
 * await machine.runcmd({ name: "node", ntp: { servers: ["192.0.2.1"] } });
 * await machine.guest.run(["chronyc", "sources"]);
 * ```
 */
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { compiledAgent } from "./compiled-agent.ts";
import { cloneRootfs, debianRootfs, type RootfsOptions, rootfsObstacle } from "./debian-rootfs.ts";
import { bootGuest, type Guest, type GuestResult, nspawnObstacle } from "./nspawn.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const configurationPath = "/etc/kanod-configure/configuration.yaml";

export interface ConfiguredGuestOptions {
  /** Folders of `contributions`. */
  elements: readonly string[];
  /** Debian packages that the image has. */
  packages: readonly string[];
  /** Changes the root file system before it boots. */
  prepare?: (root: string) => void | Promise<void>;
  nspawnArguments?: readonly string[];
  release?: RootfsOptions["release"];
}

export interface ConfiguredGuest {
  readonly guest: Guest;
  /** The root file system, as seen from here. */
  readonly root: string;
  /** Runs `kanod-runcmd` on a configuration (JSON is YAML), and expects exit code 0 unless told otherwise. */
  runcmd(configuration: object, options?: AgentRunOptions): Promise<GuestResult>;
  /** The same for `kanod-bootcmd` and the `boot` part of a configuration. */
  bootcmd(configuration: object, options?: AgentRunOptions): Promise<GuestResult>;
}

export interface AgentRunOptions {
  /** Default: 0. */
  exitCode?: number;
  /** The run may end in whichever way. */
  anyExitCode?: boolean;
  arguments?: readonly string[];
  /** Default: the one of {@link Guest.run}. */
  path?: string;
}

/** Packages for whoever needs any of them: one root file system serves several suites. */
export const sharedPackages: readonly string[] = [
  "locales",
  "mount",
  "openssh-client",
  "openssh-server",
  "openssl",
  "sshpass",
  "sudo",
  "tzdata",
];

/** Why {@link configuredGuest} cannot work here, or undefined where it can. */
export function configuredGuestObstacle(): string | undefined {
  return rootfsObstacle() ?? nspawnObstacle();
}

/** Last in, first out. Registered here, because what a hook registers is never called. */
const cleanups: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** To be called in a hook, as often as needed; guest and agent go away after the tests of the file. */
export async function configuredGuest(options: ConfiguredGuestOptions): Promise<ConfiguredGuest> {
  const folders = options.elements.map((name) => join(repository, "contributions", name));
  const agent = compiledAgent(folders, ["--runtime", "system"]);
  cleanups.push(() => rm(dirname(agent), { recursive: true, force: true }));
  const rootfs = await debianRootfs({ release: options.release ?? "trixie", packages: options.packages });
  const clone = await cloneRootfs(rootfs);
  cleanups.push(() => clone.remove());
  await options.prepare?.(clone.path);
  const bound = [`--bind-ro=${agent}:/opt/kanod`, `--bind-ro=${process.execPath}:/usr/local/bin/node`];
  const guest = await bootGuest(clone.path, { nspawnArguments: [...bound, ...(options.nspawnArguments ?? [])] });
  cleanups.push(() => guest.powerOff());
  return {
    guest,
    root: clone.path,
    runcmd: async (configuration, given) => {
      const input = JSON.stringify(configuration);
      const write = `mkdir -p "$(dirname "$0")" && umask 077 && cat > "$0"`;
      await guest.run(["sh", "-c", write, configurationPath], { input });
      return runAgent(guest, "kanod-runcmd", "", given);
    },
    bootcmd: (configuration, given) => runAgent(guest, "kanod-bootcmd", JSON.stringify(configuration), given),
  };
}

async function runAgent(
  guest: Guest,
  program: string,
  input: string,
  options: AgentRunOptions = {},
): Promise<GuestResult> {
  const argv = [`/opt/kanod/${program}`, ...(options.arguments ?? [])];
  const env = options.path === undefined ? {} : { PATH: options.path };
  const result = await guest.run(argv, { input, env, anyExitCode: true, timeout: 300 });
  const expected = options.exitCode ?? 0;
  if (result.exitCode === expected || options.anyExitCode === true) return result;
  throw new Error(
    `${program} ended with ${result.exitCode} instead of ${expected}\n${result.stdout}\n${result.stderr}`,
  );
}
