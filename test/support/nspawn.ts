/**
 * Debian guests in systemd-nspawn: a whole system (PID 1 is systemd) in about two seconds, with its own network.
 *
 * ```ts
 * await using clone = await cloneRootfs(await debianRootfs({ release: "trixie", packages: ["network-manager"] }));
 * // … put files below clone.path, mask or enable units …
 * await using guest = await bootGuest(clone.path);
 * const { stdout } = await guest.run(["ip", "-j", "address"]);
 * ```
 *
 * A guest has a network namespace of its own, with nothing but `lo`; `guest.leader` is the process id of its PID 1 as
 * seen from here, so that `ip link add a type veth peer name eth0 netns LEADER` plugs a cable in. It shares the kernel
 * of this machine. No udev runs in it, unless it has the package and the variable SYSTEMD_NSPAWN_API_VFS_WRITABLE of
 * systemd-nspawn(1) is `1`: then it takes care of the guest's own interfaces. Leaving the scope powers the guest off.
 *
 * Nothing of a guest outlives the test process or systemd-nspawn, however they end: systemd-nspawn is the init of a
 * process namespace, whose processes the kernel kills with it. (Killed alone, it would leave the guest's init running.)
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

export interface GuestOptions {
  /** More arguments of systemd-nspawn, such as `--bind-ro=…`. */
  nspawnArguments?: readonly string[];
  /** Called as soon as the guest's PID 1 is there, before it has started anything that takes its time. */
  onLeader?: (leader: number) => Promise<void>;
  /** How long booting may take, in seconds. Default 60. */
  timeout?: number;
}

export interface GuestResult {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface GuestCommandOptions {
  input?: string;
  /** In seconds, default 120. When it is over the command is killed and the promise rejects. */
  timeout?: number;
  /** Added to the environment, which is otherwise only PATH and LANG. */
  env?: Readonly<Record<string, string>>;
  /** Without it an exit code other than 0 rejects. */
  anyExitCode?: boolean;
}

export interface Guest extends AsyncDisposable {
  /** Process id of the guest's PID 1 on this machine. */
  readonly leader: number;
  /** Runs a command as root in the guest. */
  run(argv: readonly string[], options?: GuestCommandOptions): Promise<GuestResult>;
  /** What systemd-nspawn and the guest's console have said so far; the rest is in the guest's journal. */
  console(): string;
  /** Ends the guest in order, or by force when it takes longer than 20 seconds. */
  powerOff(): Promise<void>;
}

/** Why {@link bootGuest} cannot work here, or undefined where it can. */
export function nspawnObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  const missing = ["systemd-nspawn", "nsenter", "setpriv", "unshare"].find((tool) => !existsSync(`/usr/bin/${tool}`));
  return missing === undefined ? undefined : `needs ${missing}`;
}

/** Boots the system in the folder `root`, which must be nobody else's (a clone), and waits until it has started. */
export async function bootGuest(root: string, options: GuestOptions = {}): Promise<Guest> {
  const machine = `kanod-${randomUUID().slice(0, 8)}`;
  const argv = [
    ...["setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"],
    ...["systemd-nspawn", "--quiet", "-D", root, `--machine=${machine}`],
    ...["--boot", "--register=no", "--keep-unit", "--private-network", "--console=pipe", "--link-journal=no"],
    ...(options.nspawnArguments ?? []),
  ];
  const child = spawn(argv[0] as string, argv.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  const keep = (chunk: Buffer): void => {
    log = (log + chunk.toString()).slice(-1_000_000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const ended = new Promise<void>((resolve) => {
    child.on("close", () => resolve());
    child.on("error", (error) => {
      log += String(error);
      resolve();
    });
  });
  let leader = 0;
  try {
    const deadline = Date.now() + (options.timeout ?? 60) * 1000;
    leader = await waitForLeader(child, deadline);
    await options.onLeader?.(leader);
    const guest = makeGuest(leader, child, ended, () => log);
    await waitUntilStarted(guest, deadline);
    return guest;
  } catch (error) {
    child.kill("SIGKILL");
    await ended;
    await waitUntilGone(leader);
    throw new Error(`the guest did not start: ${error}\n${log.slice(-4000)}`);
  }
}

function makeGuest(leader: number, child: ChildProcess, ended: Promise<void>, console: () => string): Guest {
  const run = async (argv: readonly string[], options: GuestCommandOptions = {}): Promise<GuestResult> => {
    const environment = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" };
    const assignments = Object.entries({ ...environment, ...options.env }).map(([name, value]) => `${name}=${value}`);
    const enter = ["-t", String(leader), "-m", "-u", "-i", "-n", "-p", "env", "-i", ...assignments, ...argv];
    const result = await capture("nsenter", enter, options);
    if (result.exitCode === 0 || options.anyExitCode === true) return result;
    throw new Error(`exit code ${result.exitCode} of ${argv.join(" ")}\n${result.stdout}\n${result.stderr}`);
  };
  const powerOff = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return await waitUntilGone(leader);
    // systemd(1): SIGRTMIN+4 is "start poweroff.target". Node cannot send it, so the guest's systemctl asks for it.
    await run(["systemctl", "poweroff", "--no-wall"], { anyExitCode: true, timeout: 10 }).catch(() => undefined);
    const forced = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await ended;
    clearTimeout(forced);
    await waitUntilGone(leader);
  };
  return { leader, run, console, powerOff, [Symbol.asyncDispose]: powerOff };
}

/** The guest's init is a child of systemd-nspawn, and that of `unshare`, which `child` is. */
async function waitForLeader(child: ChildProcess, deadline: number): Promise<number> {
  while (Date.now() < deadline && child.exitCode === null) {
    const nspawn = await firstChildOf(child.pid);
    const leader = await firstChildOf(nspawn);
    if ((await readFile(`/proc/${leader}/comm`, "utf8").catch(() => "")) === "systemd\n") return leader;
    await sleep(50);
  }
  throw new Error("systemd-nspawn did not start an init");
}

/** 0 where there is none. */
async function firstChildOf(pid: number | undefined): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  return Number(children.trim().split(" ")[0]);
}

/** The kernel ends the processes of a namespace a moment after its init. */
async function waitUntilGone(leader: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (leader > 0 && existsSync(`/proc/${leader}`)) {
    if (Date.now() > deadline) throw new Error(`the guest's init, process ${leader}, does not end`);
    await sleep(20);
  }
}

async function waitUntilStarted(guest: Guest, deadline: number): Promise<void> {
  while (Date.now() < deadline) {
    const state = await guest.run(["systemctl", "is-system-running"], { anyExitCode: true, timeout: 10 });
    if (["running", "degraded"].includes(state.stdout.trim())) return;
    await sleep(100);
  }
  const look = ["sh", "-c", "systemctl list-jobs --no-pager; journalctl --no-pager -n 40"];
  const { stdout } = await guest.run(look, { anyExitCode: true, timeout: 10 });
  throw new Error(`it did not reach its default target in time\n${stdout}`);
}

/** Ends the command that nsenter waits for. nsenter itself must live on: nobody else would reap the command. */
async function killChildren(nsenter: ChildProcess): Promise<void> {
  const children = await readFile(`/proc/${nsenter.pid}/task/${nsenter.pid}/children`, "utf8").catch(() => "");
  const pids = children.trim().split(" ").filter(Boolean);
  for (const pid of pids) process.kill(Number(pid), "SIGKILL");
  if (pids.length === 0) nsenter.kill("SIGKILL");
}

async function capture(file: string, args: readonly string[], options: GuestCommandOptions): Promise<GuestResult> {
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    output.stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    output.stderr += chunk.toString();
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  let late = false;
  const timer = setTimeout(
    () => {
      late = true;
      void killChildren(child);
    },
    (options.timeout ?? 120) * 1000,
  );
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  clearTimeout(timer);
  if (late) throw new Error(`took too long: ${file} ${args.join(" ")}\n${output.stdout}\n${output.stderr}`);
  return { exitCode, ...output };
}
