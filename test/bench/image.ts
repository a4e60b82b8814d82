import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { containerRoot, seedContainer } from "../support/container.ts";
import { cloneRootfs, debianRootfs } from "../support/debian-rootfs.ts";
import { dibObstacle } from "../support/dib.ts";
import { builtImage } from "../support/images.ts";
import { bootGuest, type Guest, nspawnObstacle } from "../support/nspawn.ts";
import { plainBuild } from "../support/plain-build.ts";
import { type Figure, median } from "./measure.ts";

const boots = 7;
const builds = 3;
/** The agent's own element, and the contributions that the module core has in every image. */
const elements =
  "kanod-configure admin disks identity kernel-parameters mounts network ntp proxy-certificates report vault".split(
    " ",
  );

/** What the agent costs an image: time of a first boot in a container, time of the build, and room. Needs root. */
export async function benchImage(): Promise<Figure[]> {
  const obstacle = dibObstacle() ?? nspawnObstacle();
  if (obstacle !== undefined) {
    console.log(`what the agent costs an image is not measured: ${obstacle}`);
    return [];
  }
  return [...(await bootFigures()), ...(await buildFigures())];
}

async function bootFigures(): Promise<Figure[]> {
  using system = containerRoot(builtImage("trixie").path("tar"));
  const differences: BootTimes[] = [];
  for (let pair = 0; pair <= boots; pair++) {
    const [called, left] = [await firstBoot(system.path, true), await firstBoot(system.path, false)];
    // The first pair fills the caches.
    if (pair > 0) differences.push({ whole: called.whole - left.whole, modules: called.modules - left.modules });
  }
  const figure = (name: string, key: keyof BootTimes): Figure =>
    spread(
      name,
      differences.map((each) => each[key]),
    );
  return [
    { ...figure("first boot with both commands - without", "modules"), goal: "<= 0.3" },
    figure("the same, from the start of init to the end of cloud-init", "whole"),
  ];
}

function spread(name: string, values: readonly number[]): Figure {
  return { name, unit: "s", value: median(values), range: [Math.min(...values), Math.max(...values)] };
}

/** In seconds. */
interface BootTimes {
  /** From the start of a container's init to the end of cloud-init. */
  whole: number;
  /** cloud-init's modules that call the commands, by its own measure. */
  modules: number;
}

async function firstBoot(system: string, calls: boolean): Promise<BootTimes> {
  await using clone = await cloneRootfs(system);
  if (!calls) rmSync(join(clone.path, "etc/cloud/cloud.cfg.d/50-kanod-configure.cfg"));
  const content = stringify({ name: "node1", greeting: "Hello" });
  const file = { path: "/etc/kanod-configure/configuration.yaml", permissions: "0600", content };
  seedContainer(clone.path, `#cloud-config\n${stringify({ write_files: [file] })}`);
  await using guest = await bootGuest(clone.path, { timeout: 600 });
  await guest.run(["cloud-init", "status", "--wait"], { timeout: 600 });
  const begin = await moment(guest, "UserspaceTimestampMonotonic");
  const end = await moment(guest, "ActiveEnterTimestampMonotonic", "cloud-final.service");
  const { stdout } = await guest.run(["cloud-init", "analyze", "blame"]);
  const modules = [...stdout.matchAll(/^ *([\d.]+)s \(.*config-(?:bootcmd|scripts-user)\)$/gm)];
  return { whole: (end - begin) / 1e6, modules: modules.reduce((sum, [, time]) => sum + Number(time), 0) };
}

/** A time of systemd(1), in microseconds. */
async function moment(guest: Guest, property: string, ...unit: readonly string[]): Promise<number> {
  return Number((await guest.run(["systemctl", "show", "--value", "--property", property, ...unit])).stdout);
}

async function buildFigures(): Promise<Figure[]> {
  await using system = await cloneRootfs(await debianRootfs({ release: "trixie", packages: ["python3"] }));
  const folder = mkdtempSync(join(tmpdir(), "kanod-bench-"));
  try {
    const differences: number[] = [];
    for (let pair = 0; pair <= builds; pair++) {
      const difference =
        timeOfBuild(folder, system.path, "with", elements) - timeOfBuild(folder, system.path, "bare", []);
      if (pair > 0) differences.push(difference);
    }
    const size = (name: string): number => statSync(join(folder, name, "image.tar")).size / 2 ** 20;
    return [
      { ...spread("build with the agent and core's contributions - without", differences), goal: "<= 5" },
      { name: "tar image with the agent - without", unit: "MiB", value: size("with") - size("bare") },
      { name: "the agent in a qcow2 image (zstd)", unit: "MiB", value: compressedAgent(join(folder, "with")) },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function timeOfBuild(folder: string, system: string, name: string, more: readonly string[]): number {
  const work = join(folder, name);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  const begin = performance.now();
  const { status, output } = plainBuild(work, system, more);
  if (status !== 0) throw new Error(output.slice(-4000));
  return (performance.now() - begin) / 1000;
}

/** Of the executable alone, in MiB: qemu-img takes it for a disk. */
function compressedAgent(folder: string): number {
  execFileSync("tar", ["--extract", "--file", "image.tar", "./usr/local/bin/kanod-configure"], { cwd: folder });
  const argv = ["convert", "-c", "-f", "raw", "-O", "qcow2", "-o", "compression_type=zstd"];
  const { status } = spawnSync("qemu-img", [...argv, "usr/local/bin/kanod-configure", "agent.qcow2"], { cwd: folder });
  if (status !== 0) throw new Error("qemu-img could not compress the agent");
  return statSync(join(folder, "agent.qcow2")).size / 2 ** 20;
}
