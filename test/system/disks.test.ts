import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { createPartitions, type PartitionRequest } from "../../contributions/disks/kanod/storage/create.ts";
import { growFileSystem } from "../../contributions/disks/kanod/storage/file-systems.ts";
import { planGrowth } from "../../contributions/disks/kanod/storage/growth.ts";
import { probe } from "../../contributions/disks/kanod/storage/identity.ts";
import { type BlockDevice, type Layout, readLayout } from "../../contributions/disks/kanod/storage/layout.ts";
import { readLvm } from "../../contributions/disks/kanod/storage/lvm.ts";
import type { MadeFileSystem } from "../../contributions/disks/kanod/storage/make-file-system.ts";
import { moveBackupTable, readTable } from "../../contributions/disks/kanod/storage/partition-table.ts";
import { parseSize, targetExtents, type VolumeSize } from "../../contributions/disks/kanod/storage/size.ts";
import type { Store } from "../../src/agent/contribution.ts";
import { Stores } from "../../src/agent/store.ts";
import { createHost } from "../../src/host/create-host.ts";
import type { Host } from "../../src/host/host.ts";
import { keptLog } from "../support/host.ts";
import { loopDisk, loopObstacle } from "../support/loop-disk.ts";

const tools = ["sfdisk", "growpart", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs", "mkfs.vfat", "pvcreate", "wipefs"];
const obstacle = loopObstacle(...tools);
const MiB = 2 ** 20;

beforeEach(({ skip }) => {
  if (obstacle !== undefined && !process.env["CI"]) skip(obstacle);
});

// File systems that can only grow while they are mounted are mounted below it.
const runFolders = ["/run/kanod-configure/grow", "/run/kanod-configure"].filter((folder) => !existsSync(folder));
afterAll(() => {
  for (const folder of runFolders) if (existsSync(folder)) rmdirSync(folder);
});

interface Machine {
  host: Host;
  store: Store;
  instance: string;
}

/** The real host; what is stored does not outlive the test. */
function machine(instance = "i-1"): Machine {
  const { log } = keptLog();
  const folder = mkdtempSync(join(tmpdir(), "kanod-store-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const stores = new Stores({ known: [], onStored: () => {} });
  return { host: createHost({ log }), store: stores.open("disks", createHost({ log, root: folder }), log), instance };
}

function sfdisk(disk: string, script: string): void {
  execFileSync("sfdisk", ["--quiet", "--no-reread", "--no-tell-kernel", disk], { input: script });
}

async function find(host: Host, path: string): Promise<{ layout: Layout; device: BlockDevice }> {
  const layout = await readLayout(host);
  const device = layout?.devices.find((one) => one.path === path);
  if (layout === undefined || device === undefined) throw new Error(`lsblk does not know ${path}`);
  return { layout, device };
}

const sizeOf = (path: string): number => Number(execFileSync("blockdev", ["--getsize64", path], { encoding: "utf8" }));

describe("growing a partition", () => {
  test.each([
    ["GPT", "label: gpt\nsize=20M\nsize=30M\n"],
    ["MBR", "label: dos\nsize=20M\nsize=30M\n"],
  ])("to the end of a disk that grew (%s), and no further", async (_, script) => {
    const host = createHost({ log: keptLog().log });
    const disk = loopDisk(100 * MiB);
    sfdisk(disk.path, script);
    disk.grow(300 * MiB);
    disk.readPartitions();
    const before = await find(host, `${disk.path}p2`);
    expect(sizeOf(before.device.path)).toBe(30 * MiB);

    const plan = await planGrowth(host, machine().store, before.layout, before.device);
    expect(plan.commands.map(({ argv }) => argv)).toEqual([["growpart", disk.path, "2"]]);
    for (const { argv, options } of plan.commands) await host.run(argv, options);
    expect(sizeOf(before.device.path)).toBe(plan.size);
    expect(plan.size).toBeGreaterThan(275 * MiB);

    const after = await find(host, `${disk.path}p2`);
    expect((await planGrowth(host, machine().store, after.layout, after.device)).commands).toEqual([]);
    const first = await find(host, `${disk.path}p1`);
    expect((await planGrowth(host, machine().store, first.layout, first.device)).commands).toEqual([]);
    expect(spawnSync("sfdisk", ["--verify", disk.path], { encoding: "utf8" }).stdout).toContain("No errors detected");
  });
});

test("the copy of a GPT moves to the end of a disk that grew", async () => {
  const host = createHost({ log: keptLog().log });
  const disk = loopDisk(100 * MiB);
  sfdisk(disk.path, "label: gpt\nsize=20M\n");
  expect(await moveBackupTable(host, { path: disk.path, size: 100 * MiB })).toBe(false);
  disk.grow(300 * MiB);
  const verify = (): string => spawnSync("sfdisk", ["--verify", disk.path], { encoding: "utf8" }).stderr;
  expect(verify()).toContain("The backup GPT table is not on the end of the device");
  expect(await moveBackupTable(host, { path: disk.path, size: 300 * MiB })).toBe(true);
  expect(verify()).not.toContain("not on the end");
  expect(await moveBackupTable(host, { path: disk.path, size: 300 * MiB })).toBe(false);
});

describe("growing a file system", () => {
  test.each<[string, string[], boolean]>([
    ["ext4", ["mkfs.ext4", "-q"], false],
    ["xfs", ["mkfs.xfs", "-q"], false],
    ["xfs", ["mkfs.xfs", "-q"], true],
    ["btrfs", ["mkfs.btrfs", "-q"], false],
    ["btrfs", ["mkfs.btrfs", "-q"], true],
  ])("%s (%s, mounted: %s)", async (type, make, isMounted) => {
    const host = createHost({ log: keptLog().log });
    const disk = loopDisk(400 * MiB);
    const folder = mkdtempSync(join(tmpdir(), "kanod-mount-"));
    const [program = "", ...options] = make;
    execFileSync(program, [...options, disk.path]);
    disk.grow(800 * MiB);
    const mounted = (): number => {
      const { stdout } = spawnSync("df", ["--output=size", "-B1", folder], { encoding: "utf8" });
      return Number(stdout.split("\n")[1]);
    };
    if (isMounted) execFileSync("mount", [disk.path, folder]);
    try {
      const mountPoint = isMounted ? folder : undefined;
      expect(await growFileSystem(host, { path: disk.path, type, mountPoint })).toBe(true);
      expect(await growFileSystem(host, { path: disk.path, type, mountPoint })).toBe(true);
      if (!isMounted) execFileSync("mount", [disk.path, folder]);
      expect(mounted()).toBeGreaterThan(700 * MiB);
    } finally {
      spawnSync("umount", [folder]);
      rmSync(folder, { recursive: true });
    }
  });

  test("swap space and blank devices have nothing to grow", async () => {
    const host = createHost({ log: keptLog().log });
    expect(await growFileSystem(host, { path: "/dev/null", type: "swap", mountPoint: undefined })).toBe(false);
    expect(await growFileSystem(host, { path: "/dev/null", type: undefined, mountPoint: undefined })).toBe(false);
  });
});

describe("partitions on a further disk", () => {
  const named = (device: string): PartitionRequest[] => [
    { device, name: "data", size: "20M" },
    { device, name: "pool", size: "120M", filesystem: "btrfs" },
    { device, name: "fast", size: "320M", filesystem: "xfs", label: "xfslabel" },
    { device, name: "efi", size: "40M", filesystem: "vfat", label: "EFI" },
    { device, name: "swap", size: "50%FREE", filesystem: "swap" },
    { device, name: "raw", filesystem: "none" },
  ];
  const signatureOf = (path: string): string[] =>
    spawnSync("blkid", ["-p", "-o", "value", "-s", "TYPE", "-s", "LABEL", path], { encoding: "utf8" })
      .stdout.trim()
      .split("\n")
      .toSorted();

  test("are made with their file systems, and left alone by a second run", async () => {
    const its = machine();
    const { host } = its;
    const disk = loopDisk(600 * MiB);
    const done = await createPartitions(its, named(disk.path));
    expect(done).toHaveLength(11);
    const table = await readTable(host, disk.path);
    expect(table?.partitions.map(({ name }) => name)).toEqual(["data", "pool", "fast", "efi", "swap", "raw"]);
    const signatures = table?.partitions.map(({ node }) => signatureOf(node));
    expect(signatures).toEqual([
      ["data", "ext4"],
      ["btrfs", "pool"],
      ["xfs", "xfslabel"],
      ["EFI", "vfat"],
      ["swap", "swap"],
      [""],
    ]);
    expect(spawnSync("sfdisk", ["--verify", disk.path], { encoding: "utf8" }).stdout).toContain("No errors detected");
    const bytes = (): string => execFileSync("sha256sum", [disk.path], { encoding: "utf8" });
    const before = bytes();
    expect(await createPartitions(its, named(disk.path))).toEqual([]);
    expect(bytes()).toBe(before);
  });

  test("one more is appended, and the others stay", async () => {
    const host = machine();
    const disk = loopDisk(300 * MiB);
    await createPartitions(host, [{ device: disk.path, name: "a", size: "50M", filesystem: "none" }]);
    execFileSync("dd", ["if=/dev/urandom", `of=${disk.path}p1`, "bs=1M", "count=50", "status=none"]);
    const before = readFileSync(`${disk.path}p1`);
    const both: PartitionRequest[] = [
      { device: disk.path, name: "a", size: "50M", filesystem: "none" },
      { device: disk.path, name: "b" },
    ];
    expect(await createPartitions(host, both)).toEqual([
      `partition b of 248 MiB created on ${disk.path}`,
      `ext4 made on ${disk.path}p2`,
    ]);
    expect(readFileSync(`${disk.path}p1`).equals(before)).toBe(true);
  });

  test("data is refused byte for byte, and wiped only where it is given away, once", async () => {
    const host = machine();
    const disk = loopDisk(300 * MiB);
    execFileSync("mkfs.ext4", ["-q", "-L", "precious", disk.path]);
    const bytes = (): string => execFileSync("sha256sum", [disk.path], { encoding: "utf8" });
    const before = bytes();
    const request = { device: disk.path, name: "data" };
    await expect(createPartitions(host, [request])).rejects.toMatchObject({ code: "disk-not-empty" });
    expect(bytes()).toBe(before);

    const other = machine();
    expect((await createPartitions(other, [{ ...request, wipe: true }]))[0]).toBe(`${disk.path} wiped`);
    expect(signatureOf(`${disk.path}p1`)).toEqual(["data", "ext4"]);
    const link = join(mkdtempSync(join(tmpdir(), "kanod-link-")), "disk");
    symlinkSync(disk.path, link);
    onTestFinished(() => rmSync(dirname(link), { recursive: true }));
    for (const device of [disk.path, link]) {
      expect(await createPartitions(other, [{ ...request, device, wipe: true }])).toEqual([]);
    }
    const again = { ...other, instance: "i-2" };
    expect((await createPartitions(again, [{ ...request, device: link, wipe: true }]))[0]).toBe(`${link} wiped`);
  });

  test("two paths of one disk do not undo each other", async () => {
    const its = machine();
    const disk = loopDisk(300 * MiB);
    const twice = [disk.path, disk.path.replace("/dev/", "/dev/./")].map((device) => ({
      device,
      name: "data",
      wipe: true,
    }));
    await expect(createPartitions(its, twice)).rejects.toMatchObject({ code: "bad-partition" });
  });

  test.each([
    [
      "held exclusively",
      `import os,sys,time\nos.open(sys.argv[1], os.O_RDONLY | os.O_EXCL)\nprint(flush=True)\ntime.sleep(60)`,
    ],
    [
      "mounted in another namespace",
      `import os,subprocess,sys,time\nsubprocess.run(["unshare", "--mount", "sh", "-c", "mount $0 /mnt; echo; sleep 60", sys.argv[1]])`,
    ],
  ])("a disk that is %s is not wiped", async (_, script) => {
    const its = machine();
    const disk = loopDisk(100 * MiB);
    execFileSync("mkfs.ext4", ["-q", disk.path]);
    const holder = spawn("python3", ["-c", script, disk.path], {
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    const ended = new Promise((resolve) => holder.once("exit", resolve));
    try {
      await new Promise((resolve) => holder.stdout.once("data", resolve));
      const request = { device: disk.path, name: "data", wipe: true };
      await expect(createPartitions(its, [request])).rejects.toMatchObject({ code: "disk-in-use" });
      expect(signatureOf(disk.path)).toEqual(["ext4"]);
    } finally {
      if (holder.pid !== undefined) process.kill(-holder.pid, "SIGKILL");
      await ended;
    }
  });

  test.each<MadeFileSystem>(["ext4", "xfs", "btrfs", "vfat", "swap"])(
    "%s that a run was cut off in making is made again, and only then",
    async (type) => {
      const its = machine();
      const disk = loopDisk(400 * MiB);
      const request = { device: disk.path, name: "data", filesystem: type };
      await createPartitions(its, [request]);
      const [partition] = (await readTable(its.host, disk.path))?.partitions ?? [];
      const { content } = await probe(its.host, `${disk.path}p1`);
      await its.store.set(`making:${partition?.uuid}`, { type, uuid: content });
      expect(await createPartitions(its, [request])).toEqual([`${type} made on ${disk.path}p1`]);
      expect((await probe(its.host, `${disk.path}p1`)).content).toBe(content);
      expect(await createPartitions(its, [request])).toEqual([]);
    },
  );

  test("util-linux 2.32, as RHEL 8 has it, is enough", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kanod-tools-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    // Options and columns that came later, by its release notes.
    const later = {
      lsblk: "*PATH,*|*,PATH|--merge",
      wipefs: "--json|-J|--lock*",
      sfdisk: "--relocate|--lock*|--disk-id",
    };
    for (const [tool, options] of Object.entries(later)) {
      const real = execFileSync("which", [tool], { encoding: "utf8" }).trim();
      const refuse = `case "$word" in ${options}) echo "${tool}: unrecognized option" >&2; exit 1;; esac`;
      const script = `#!/bin/sh\nfor word; do ${refuse}; done\nexec ${real} "$@"\n`;
      writeFileSync(join(folder, tool), script, { mode: 0o755 });
    }
    const host = createHost({ log: keptLog().log, environment: { PATH: `${folder}:${process.env["PATH"]}` } });
    const its = { ...machine(), host };
    const disk = loopDisk(300 * MiB);
    execFileSync("mkfs.ext4", ["-q", disk.path]);
    const request = { device: disk.path, name: "data", size: "50M", wipe: true };
    expect(await createPartitions(its, [request])).toHaveLength(3);
    disk.grow(400 * MiB);
    expect(await moveBackupTable(host, { path: disk.path, size: 400 * MiB })).toBe(true);
    expect(await createPartitions(its, [request])).toEqual([]);
  });

  test("a table that a run was cut off in writing is made again", async () => {
    const its = machine();
    const disk = loopDisk(300 * MiB);
    const request = { device: disk.path, name: "data" };
    const uuid = "11111111-2222-3333-4444-555555555555";
    sfdisk(disk.path, `label: gpt\nlabel-id: ${uuid}\nsize=10M, name=data\n`);
    // sfdisk writes the protective MBR last.
    execFileSync("dd", ["if=/dev/zero", `of=${disk.path}`, "bs=512", "count=1", "conv=notrunc", "status=none"]);
    await its.store.set(`table:${disk.path.replace("/dev/", "")}`, { uuid });
    expect((await createPartitions(its, [request])).at(-1)).toBe(`ext4 made on ${disk.path}p1`);
    expect(await createPartitions(its, [request])).toEqual([]);
  });

  test("a disk in use is not wiped", async () => {
    const host = machine();
    const disk = loopDisk(300 * MiB);
    const folder = mkdtempSync(join(tmpdir(), "kanod-mount-"));
    execFileSync("mkfs.ext4", ["-q", disk.path]);
    execFileSync("mount", [disk.path, folder]);
    try {
      const request = { device: disk.path, name: "data", wipe: true };
      await expect(createPartitions(host, [request])).rejects.toMatchObject({ code: "disk-in-use" });
    } finally {
      execFileSync("umount", [folder]);
      rmSync(folder, { recursive: true });
    }
  });
});

describe("LVM", () => {
  const quiet = {
    env: { ...process.env, LVM_SUPPRESS_FD_WARNINGS: "1" },
    stdio: ["ignore", "pipe", "ignore"] as ["ignore", "pipe", "ignore"],
  };
  /** Without device mapper nothing can be activated, which these tests do not need. */
  const offline = ["--driverloaded", "n"];

  test("its reports are read, and sizes come to what lvresize makes of them", async () => {
    const host = createHost({ log: keptLog().log });
    const disk = loopDisk(1000 * MiB);
    const group = `kanod${process.pid}`;
    execFileSync("pvcreate", ["--quiet", disk.path], quiet);
    execFileSync("vgcreate", ["--quiet", group, disk.path], quiet);
    onTestFinished(() => void spawnSync("vgremove", ["--force", ...offline, group]));
    for (const [name, size] of [
      ["one", "100M"],
      ["two", "302M"],
    ] as const) {
      execFileSync("lvcreate", [...offline, "-an", "-Zn", "-Wn", "-y", "-L", size, "-n", name, group], quiet);
    }
    disk.grow(2000 * MiB);
    execFileSync("pvresize", [disk.path], quiet);

    const report = await readLvm(host);
    const room = report.groups.find(({ name }) => name === group);
    const volume = report.volumes.find(({ name }) => name === "one");
    expect(report.physicalVolumes.find(({ path }) => path === disk.path)).toMatchObject({
      group,
      dataStart: MiB,
      extents: 499,
    });
    expect(room).toEqual({ name: group, extentSize: 4 * MiB, total: 499, free: 499 - 25 - 76 });
    expect(volume).toMatchObject({ size: 100 * MiB, majorMinor: undefined });
    if (room === undefined) throw new Error("no group");
    for (const size of [
      "+33%FREE",
      "100%FREE",
      "+100%FREE",
      "50%VG",
      "+7%VG",
      "+13%LV",
      "130%LV",
      "1G",
      "+0.3G",
      "513M",
      "700",
    ]) {
      const option = size.includes("%") ? "--extents" : "--size";
      const args = [...offline, "--test", "--force", option, size, `${group}/one`];
      const { stdout } = spawnSync("lvresize", args, { encoding: "utf8", ...quiet });
      const extents = Number(/ to .*\((\d+) extents\)/.exec(stdout)?.[1]);
      expect(`${size}: ${targetExtents(parseSize(size) as VolumeSize, 25, room)}`).toBe(`${size}: ${extents}`);
    }
  });
});
