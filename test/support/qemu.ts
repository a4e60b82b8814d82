/**
 * Virtual machines in QEMU, without KVM: a boot takes one to two minutes. The guest has a BIOS, one disk, which is a
 * writable layer over an image, a seed as CD, and a network with DHCP and no way out. Its image needs the element
 * machine-shell of test/fixtures/modules, through which commands are run.
 *
 * ```ts
 * await using machine = await startMachine({ image: builtImage("trixie").path("qcow2"), seed });
 * await machine.run("cloud-init status --wait", { timeout: 300 });
 * machine.console(); // the serial console so far
 * ```
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isInstalled } from "./dib.ts";

export interface MachineOptions {
  /** Disk image, qcow2. It is not changed. */
  image: string;
  /** Size of the disk, such as `8G`. */
  diskSize: string;
  /** An ISO image. */
  seed: string;
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
  powerOff(): Promise<void>;
}

/** Why {@link startMachine} cannot work here, or undefined where it can. */
export function qemuObstacle(): string | undefined {
  const programs = { "qemu-system-x86_64": "qemu-system-x86", "qemu-img": "qemu-utils", genisoimage: "genisoimage" };
  const missing = Object.entries(programs).filter(([program]) => !isInstalled(program));
  return missing.length === 0 ? undefined : `needs the packages ${missing.map(([, name]) => name).join(", ")}`;
}

export async function startMachine(options: MachineOptions): Promise<Machine> {
  const work = mkdtempSync(join(tmpdir(), "kanod-machine-"));
  const disk = join(work, "disk.qcow2");
  const base = ["-q", "-f", "qcow2", "-b", options.image, "-F", "qcow2"];
  execFileSync("qemu-img", ["create", ...base, disk, options.diskSize]);
  const port = join(work, "port");
  const child = spawn("qemu-system-x86_64", machineArguments(disk, options.seed, port), {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let console = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      console += text;
    });
  }
  const powerOff = async (): Promise<void> => {
    await end(child);
    rmSync(work, { recursive: true, force: true });
  };
  const waitFor = (pattern: RegExp, timeout: number): Promise<void> =>
    until(
      () => pattern.test(console),
      timeout,
      child,
      () => `${pattern} did not come\n${console.slice(-4000)}`,
    );
  return {
    console: () => console,
    waitFor,
    run: (script, given) => runInMachine(port, child, script, given, () => console),
    powerOff,
    [Symbol.asyncDispose]: powerOff,
  };
}

function machineArguments(disk: string, seed: string, port: string): string[] {
  return [
    ...["-machine", "pc", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024", "-nodefaults"],
    ...["-display", "none", "-serial", "stdio", "-drive", `file=${disk},if=virtio,format=qcow2,cache=unsafe`],
    ...["-drive", `file=${seed},media=cdrom,format=raw,readonly=on`],
    ...["-netdev", "user,id=net0,restrict=on", "-device", `virtio-net-pci,netdev=net0,mac=${machineMac}`],
    ...["-device", "virtio-rng-pci", "-device", "virtio-serial-pci"],
    ...["-chardev", `socket,id=shell,path=${port},server=on,wait=off`],
    ...["-device", "virtserialport,chardev=shell,name=org.kanod.test"],
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
 * listened, or before a reboot, is lost: it is sent again to a shell that has said it is there.
 */
async function runInMachine(
  port: string,
  child: ChildProcess,
  script: string,
  { timeout = 300, anyExitCode = false }: { timeout?: number; anyExitCode?: boolean } = {},
  console: () => string,
): Promise<MachineResult> {
  const deadline = Date.now() + timeout * 1000;
  const lost = (): string => `the machine did not answer in ${timeout} s to: ${script}\n${console().slice(-4000)}`;
  while (!(await ask(port, "true", Math.min(deadline, Date.now() + 3000)))) {
    if (Date.now() > deadline || child.exitCode !== null) throw new Error(lost());
    await sleep(500);
  }
  const answer = await ask(port, script, deadline);
  if (answer === undefined) throw new Error(lost());
  if (answer.exitCode === 0 || anyExitCode) return answer;
  throw new Error(`exit code ${answer.exitCode} of ${script}\n${answer.output}`);
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

async function until(
  condition: () => boolean,
  timeout: number,
  child: ChildProcess,
  message: () => string,
): Promise<void> {
  const deadline = Date.now() + timeout * 1000;
  while (!condition()) {
    if (Date.now() > deadline || child.exitCode !== null) throw new Error(message());
    await sleep(200);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.on("close", resolve));
  child.kill("SIGTERM");
  await ended;
}
