/**
 * Virtual machines in QEMU, without KVM: a boot takes one to two minutes. The guest has a BIOS or EFI, a disk, which is a
 * writable layer over an image, or a live medium, a seed as CD, and a network with DHCP and no way out. Its image needs the
 * element machine-shell of test/fixtures/modules, through which commands are run.
 *
 * ```ts
 * await using machine = await startMachine({ disk: { image: builtImage("trixie").path("qcow2"), size: "8G" }, seed });
 * await machine.run("cloud-init status --wait", { timeout: 300 });
 * machine.console(); // the serial console so far
 * ```
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isInstalled } from "./dib.ts";

export interface MachineOptions {
  /** Disk image, qcow2, and the size of the disk, such as `8G`. It is not changed. Without one there is no disk. */
  disk?: { image: string; size: string };
  /** An ISO image with a seed, as CD. */
  seed?: string;
  /** An ISO image that the machine starts from, as CD or written to a USB disk. It is not changed. */
  live?: { iso: string; medium: "cd" | "usb" };
  /** What starts the boot loader. Default `bios`. */
  firmware?: "bios" | "efi";
}

export interface MachineResult {
  exitCode: number;
  /** Standard output and standard error. */
  output: string;
}

export interface Machine extends AsyncDisposable {
  /** All that came over the serial console so far. */
  console(): string;
  /** Waits for something on the serial console. `timeout` in seconds. */
  waitFor(pattern: RegExp, timeout: number): Promise<void>;
  /** Runs a bash script as root in the guest, as soon as the guest takes commands. `timeout` in seconds, default 300. */
  run(script: string, options?: { timeout?: number; anyExitCode?: boolean }): Promise<MachineResult>;
  /**
   * Runs a bash script that changes nothing and is quick, again and again, also over reboots, until it ends with exit
   * code 0. `timeout` in seconds.
   */
  waitUntil(script: string, timeout: number): Promise<void>;
  powerOff(): Promise<void>;
}

/** Of the package ovmf. */
const efiFirmware = "/usr/share/ovmf/OVMF.fd";

/** Why {@link startMachine} cannot work here, or undefined where it can. */
export function qemuObstacle(): string | undefined {
  const programs = { "qemu-system-x86_64": "qemu-system-x86", "qemu-img": "qemu-utils", genisoimage: "genisoimage" };
  const missing = Object.entries(programs).filter(([program]) => !isInstalled(program));
  const packages = [...missing.map(([, name]) => name), ...(existsSync(efiFirmware) ? [] : ["ovmf"])];
  return packages.length === 0 ? undefined : `needs the packages ${packages.join(", ")}`;
}

export async function startMachine(options: MachineOptions): Promise<Machine> {
  const work = mkdtempSync(join(tmpdir(), "kanod-machine-"));
  const port = join(work, "port");
  const child = spawn("qemu-system-x86_64", machineArguments(work, options, port), {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let console = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      console += text;
    });
  }
  const guest: RunningGuest = { port, child, console: () => console };
  const powerOff = async (): Promise<void> => {
    await end(child);
    rmSync(work, { recursive: true, force: true });
  };
  return {
    console: () => console,
    waitFor: (pattern, timeout) => until(guest, async () => pattern.test(console), timeout, `${pattern} did not come`),
    run: (script, given) => runInMachine(guest, script, given),
    waitUntil: (script, timeout) => until(guest, () => succeeds(guest, script), timeout, `not so: ${script}`),
    powerOff,
    [Symbol.asyncDispose]: powerOff,
  };
}

interface RunningGuest {
  /** Path of the socket that leads to the shell in the guest. */
  port: string;
  child: ChildProcess;
  console: () => string;
}

function machineArguments(work: string, options: MachineOptions, port: string): string[] {
  const { firmware } = options;
  return [
    ...(firmware === "efi" ? ["-bios", efiFirmware] : []),
    ...["-machine", "pc", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024", "-nodefaults"],
    // Who wonders what a machine does finds its console beside its disk, below /tmp/kanod-machine-*.
    ...["-chardev", `stdio,id=console,logfile=${join(dirname(port), "console")}`, "-serial", "chardev:console"],
    ...["-display", "none", ...media(work, options)],
    ...["-netdev", "user,id=net0,restrict=on", "-device", `virtio-net-pci,netdev=net0,mac=${machineMac}`],
    ...["-device", "virtio-rng-pci", "-device", "virtio-serial-pci"],
    ...["-chardev", `socket,id=shell,path=${port},server=on,wait=off`],
    ...["-device", "virtserialport,chardev=shell,name=org.kanod.test"],
  ];
}

function media(work: string, { disk, seed, live }: MachineOptions): string[] {
  const layer = join(work, "disk.qcow2");
  if (disk !== undefined) {
    const base = ["-q", "-f", "qcow2", "-b", disk.image, "-F", "qcow2"];
    execFileSync("qemu-img", ["create", ...base, layer, disk.size]);
  }
  const cds = [...(seed === undefined ? [] : [seed]), ...(live?.medium === "cd" ? [live.iso] : [])];
  return [
    ...(disk === undefined ? [] : ["-drive", `file=${layer},if=virtio,format=qcow2,cache=unsafe`]),
    ...cds.flatMap((iso) => ["-drive", `file=${iso},media=cdrom,format=raw,readonly=on`]),
    ...(live?.medium === "usb"
      ? [
          ...["-device", "qemu-xhci", "-device", "usb-storage,drive=usb,bootindex=0"],
          ...["-drive", `file=${live.iso},if=none,id=usb,format=raw,snapshot=on`],
        ]
      : []),
  ];
}

/** The hardware address of a machine's one network interface. */
export const machineMac = "52:54:00:12:34:56";

/** An ISO image with a label and files, by their paths. The caller removes its folder. */
export function makeIso(folder: string, label: string, paths: readonly string[]): string {
  const iso = join(folder, `${label}.iso`);
  execFileSync("genisoimage", ["-quiet", "-V", label, "-J", "-r", "-o", iso, "-graft-points", ...paths]);
  return iso;
}

/**
 * The guest answers each line `ID SCRIPT` (base64) with `ID EXITCODE OUTPUT` (base64). A line that was sent while nobody
 * listened is lost, so it is sent to a shell that has said it is there.
 */
async function runInMachine(
  guest: RunningGuest,
  script: string,
  { timeout = 300, anyExitCode = false }: { timeout?: number; anyExitCode?: boolean } = {},
): Promise<MachineResult> {
  const deadline = Date.now() + timeout * 1000;
  await until(guest, () => answers(guest), timeout, `nobody listens to: ${script}`);
  const answer = await ask(guest.port, script, deadline);
  if (answer === undefined) throw new Error(`no answer in ${timeout} s to: ${script}\n${guest.console().slice(-4000)}`);
  if (answer.exitCode === 0 || anyExitCode) return answer;
  throw new Error(`exit code ${answer.exitCode} of ${script}\n${answer.output}`);
}

async function succeeds(guest: RunningGuest, script: string): Promise<boolean> {
  return (await answers(guest)) && (await ask(guest.port, script, Date.now() + 60_000))?.exitCode === 0;
}

/** Somebody listens. */
async function answers({ port }: RunningGuest): Promise<boolean> {
  return (await ask(port, "true", Date.now() + 3000)) !== undefined;
}

function ask(port: string, script: string, deadline: number): Promise<MachineResult | undefined> {
  const id = randomUUID();
  return new Promise((resolve) => {
    const socket: Socket = connect(port);
    const done = (result?: MachineResult): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(done, Math.max(deadline - Date.now(), 1));
    let received = "";
    socket.on("error", () => done());
    socket.on("close", () => done());
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString();
      const answer = new RegExp(`^${id} (\\d+) (\\S*)\\n`, "m").exec(received);
      if (answer === null) return;
      done({ exitCode: Number(answer[1]), output: Buffer.from(answer[2] ?? "", "base64").toString() });
    });
    socket.write(`${id} ${Buffer.from(script).toString("base64")}\n`);
  });
}

/** Polls a condition, for so many seconds, while the machine runs. */
async function until(
  { child, console }: RunningGuest,
  condition: () => Promise<boolean>,
  timeout: number,
  fault: string,
): Promise<void> {
  const deadline = Date.now() + timeout * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline || child.exitCode !== null)
      throw new Error(`${fault} (within ${timeout} s)\n${console().slice(-4000)}`);
    await sleep(500);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.on("close", resolve));
  child.kill("SIGTERM");
  await ended;
}
