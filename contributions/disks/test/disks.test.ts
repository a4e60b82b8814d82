import { type ContributionRun, type ContributionTest, runContribution } from "kanod-configure/testing";
import { describe, expect, test } from "vitest";
import { readmeExamples } from "../../../test/support/readme.ts";
import "../kanod/disks.ts";

const GiB = 2 ** 30;
const extent = 4 * 2 ** 20;

type Canned = NonNullable<ContributionTest["commands"]>[number];

/** A block device as lsblk answers, with the files of sysfs that go with it. */
interface Device {
  kname: string;
  path?: string;
  type: string;
  size: number;
  fstype?: string;
  mountpoint?: string;
  children?: Device[];
  /** Of a partition: number and first sector. */
  partition?: [number: number, start: number];
}

let minor = 0;
const numbers = new Map<string, string>();

function numberOf(kname: string): string {
  if (!numbers.has(kname)) numbers.set(kname, `250:${minor++}`);
  return numbers.get(kname) as string;
}

function answerOf({ kname, path = `/dev/${kname}`, children, partition: _, ...rest }: Device): object {
  const nested = children === undefined ? {} : { children: children.map(answerOf) };
  return {
    name: path,
    kname: `/dev/${kname}`,
    fstype: null,
    mountpoint: null,
    "maj:min": numberOf(kname),
    ...rest,
    ...nested,
  };
}

function filesOf({ kname, path = `/dev/${kname}`, children = [], partition }: Device): Record<string, string> {
  const folder = `/sys/class/block/${kname}`;
  const sysfs =
    partition === undefined
      ? {}
      : { [`${folder}/partition`]: `${partition[0]}\n`, [`${folder}/start`]: `${partition[1]}\n` };
  return Object.assign({ [path]: "", ...sysfs }, ...children.map(filesOf));
}

function lsblk(devices: Device[]): Canned {
  return {
    argv: ["lsblk", "--json", "--bytes", "--paths"],
    prefix: true,
    stdout: JSON.stringify({ blockdevices: devices.map(answerOf) }),
  };
}

function findmnt(source: string, kname: string): Canned {
  const filesystems = [{ source, "maj:min": numberOf(kname) }];
  return { argv: ["findmnt", "--json"], prefix: true, stdout: JSON.stringify({ filesystems }) };
}

function growpart(disk: string, partition: string, size: number | undefined): Canned {
  const answer =
    size === undefined
      ? "NOCHANGE: it cannot be grown"
      : `CHANGE: partition=${partition} old: size=1 new: size=${size / 512} end=9`;
  return { argv: ["growpart", "--dry-run", disk, partition], stdout: answer, exitCode: size === undefined ? 1 : 0 };
}

/** lvmreport(7) of one group `vg` on one device. */
function lvm(pv: string, extents: number, volumes: Record<string, number>, times?: number): Canned[] {
  const used = Object.values(volumes).reduce((sum, size) => sum + size, 0);
  const [major, minorNumber] = numberOf(pv).split(":");
  const rows = {
    pv: [
      {
        pv_name: `/dev/${pv}`,
        vg_name: "vg",
        pv_major: major,
        pv_minor: minorNumber,
        pe_start: "1048576",
        pv_pe_count: `${extents}`,
      },
    ],
    vg: [
      { vg_name: "vg", vg_extent_size: `${extent}`, vg_extent_count: `${extents}`, vg_free_count: `${extents - used}` },
    ],
    lv: Object.entries(volumes).map(([name, size]) => {
      const [lvMajor, lvMinor] = numberOf(`dm-${name}`).split(":");
      return {
        lv_name: name,
        vg_name: "vg",
        lv_path: `/dev/vg/${name}`,
        lv_kernel_major: lvMajor,
        lv_kernel_minor: lvMinor,
        lv_size: `${size * extent}`,
      };
    }),
  };
  const stdout = JSON.stringify({ report: [rows] });
  return [{ argv: ["lvm", "fullreport"], prefix: true, stdout, ...(times === undefined ? {} : { times }) }];
}

/** A GPT whose copy is at the end of a disk of this size. */
const table = (disk: string, size: number, partitions: object[] = []): Canned => ({
  argv: ["sfdisk", "--json", disk],
  stdout: JSON.stringify({
    partitiontable: { label: "gpt", sectorsize: 512, firstlba: 2048, lastlba: size / 512 - 34, partitions },
  }),
});

function runDisks(
  conf: object,
  devices: Device[],
  commands: Canned[],
  files: object = {},
  more: Partial<ContributionTest> = {},
): Promise<ContributionRun> {
  const all = { ...Object.assign({}, ...devices.map(filesOf)), ...files };
  const test = { stage: "boot", conf, files: all, commands: [lsblk(devices), ...commands], ...more };
  return runContribution("Disks", test as ContributionTest);
}

const commandsOf = (run: ContributionRun): string[] =>
  run.steps.flatMap((step) => (step.kind === "run" ? [step.argv.join(" ")] : []));
const said = (run: ContributionRun): string[] => run.log.map(({ message }) => message);

describe("a root partition without LVM", () => {
  const disk = (name: string, partition: string, type = "ext4"): Device => ({
    kname: name,
    type: "disk",
    size: 8 * GiB,
    children: [{ kname: partition, type: "part", size: GiB, fstype: type, mountpoint: "/", partition: [3, 2048] }],
  });
  const grown = 8 * GiB - 2 ** 21;

  test.each([
    ["vda", "vda3"],
    ["sda", "sda3"],
    ["nvme0n1", "nvme0n1p3"],
    ["mmcblk0", "mmcblk0p3"],
  ])("%s: %s is grown, and its file system", async (name, partition) => {
    const commands = [
      findmnt(`/dev/${partition}`, partition),
      growpart(`/dev/${name}`, "3", grown),
      table(`/dev/${name}`, 8 * GiB),
    ];
    const run = await runDisks({}, [disk(name, partition)], commands);
    expect(run.error).toBeUndefined();
    expect(commandsOf(run)).toEqual([`growpart /dev/${name} 3`, `resize2fs /dev/${partition}`]);
    expect(said(run)).toContain(`/dev/${partition} grown, root file system grown`);
  });

  test.each([
    ["xfs", "xfs_growfs /"],
    ["btrfs", "btrfs filesystem resize max /"],
  ])("%s grows where it is mounted", async (type, command) => {
    const commands = [findmnt("/dev/vda3", "vda3"), growpart("/dev/vda", "3", grown), table("/dev/vda", 8 * GiB)];
    expect(commandsOf(await runDisks({}, [disk("vda", "vda3", type)], commands))[1]).toBe(command);
  });

  test("a root that cannot grow is no failure", async () => {
    const commands = [findmnt("/dev/vda3", "vda3"), growpart("/dev/vda", "3", undefined), table("/dev/vda", 8 * GiB)];
    const run = await runDisks({}, [disk("vda", "vda3", "squashfs")], commands);
    expect(run).toMatchObject({ state: "done", steps: [] });
  });

  test("nothing is done a second time, and the log says so", async () => {
    const full: Device = {
      ...disk("vda", "vda3"),
      children: [{ kname: "vda3", type: "part", size: grown, fstype: "ext4", mountpoint: "/", partition: [3, 2048] }],
    };
    const commands = [findmnt("/dev/vda3", "vda3"), table("/dev/vda", 8 * GiB)];
    const first = await runDisks({}, [full], commands);
    expect(commandsOf(first)).toEqual(["resize2fs /dev/vda3"]);
    const second = await runDisks({}, [full], commands, {}, { store: first.store });
    expect(second.steps).toEqual([]);
    expect(said(second)).toContain("nothing to grow or to create");
  });

  test("the copy of the partition table moves to the end of a disk on which nothing grows", async () => {
    const dump = "label: gpt\nfirst-lba: 34\nlast-lba: 99\n\n/dev/vda3 : start=2048";
    const commands = [
      findmnt("/dev/vda3", "vda3"),
      growpart("/dev/vda", "3", undefined),
      table("/dev/vda", 2 * GiB),
      { argv: ["sfdisk", "--dump", "/dev/vda"], stdout: dump },
    ];
    const run = await runDisks({}, [disk("vda", "vda3")], commands);
    expect(commandsOf(run)).toContain("sfdisk --quiet --no-reread --no-tell-kernel /dev/vda");
    expect(run.steps).toContainEqual(expect.objectContaining({ input: "label: gpt\n\n/dev/vda3 : start=2048\n" }));
  });

  test("a multipath device tells its partition by the device mapper's uuid", async () => {
    const mpath: Device = {
      kname: "dm-0",
      path: "/dev/mapper/mpatha",
      type: "mpath",
      size: 8 * GiB,
      children: [
        { kname: "dm-1", path: "/dev/mapper/mpatha-part3", type: "part", size: GiB, fstype: "ext4", mountpoint: "/" },
      ],
    };
    const paths: Device[] = ["sda", "sdb"].map((kname) => ({ kname, type: "disk", size: 8 * GiB, children: [mpath] }));
    const files = {
      "/sys/class/block/dm-1/dm/uuid": "part3-mpath-3600508b4\n",
      "/sys/class/block/dm-1/start": "2048\n",
    };
    const commands = [
      findmnt("/dev/mapper/mpatha-part3", "dm-1"),
      growpart("/dev/mapper/mpatha", "3", grown),
      table("/dev/mapper/mpatha", 8 * GiB),
    ];
    const run = await runDisks({}, paths, commands, files);
    expect(run.error).toBeUndefined();
    expect(commandsOf(run)).toEqual([
      "growpart /dev/mapper/mpatha 3",
      "kpartx -u /dev/mapper/mpatha",
      "resize2fs /dev/mapper/mpatha-part3",
    ]);
  });

  test("an encrypted root grows with its partition", async () => {
    const crypt: Device = {
      kname: "dm-0",
      path: "/dev/mapper/root",
      type: "crypt",
      size: GiB - 2 ** 24,
      fstype: "xfs",
      mountpoint: "/",
    };
    const devices: Device[] = [
      {
        kname: "vda",
        type: "disk",
        size: 8 * GiB,
        children: [
          { kname: "vda3", type: "part", size: GiB, fstype: "crypto_LUKS", partition: [3, 2048], children: [crypt] },
        ],
      },
    ];
    const commands = [
      findmnt("/dev/mapper/root", "dm-0"),
      growpart("/dev/vda", "3", grown),
      table("/dev/vda", 8 * GiB),
    ];
    expect(commandsOf(await runDisks({}, devices, commands))).toEqual([
      "growpart /dev/vda 3",
      "cryptsetup resize /dev/mapper/root",
      "xfs_growfs /",
    ]);
    const failing = [{ argv: ["cryptsetup"], prefix: true, exitCode: 2 }, ...commands];
    const failed = await runDisks({}, devices, failing);
    expect(failed.state).toBe("failed");
    const [partition] = devices[0]?.children ?? [];
    if (partition !== undefined) partition.size = grown;
    const next = await runDisks({}, devices, commands, {}, { store: failed.store });
    expect(commandsOf(next)).toEqual(["cryptsetup resize /dev/mapper/root", "xfs_growfs /"]);
    const last = await runDisks({}, devices, commands, {}, { store: next.store });
    expect(commandsOf(last)).not.toContain("cryptsetup resize /dev/mapper/root");
  });

  test("the disks of the host that a container sees are not its own", async () => {
    const devices = [disk("vda", "vda3")];
    const test = { stage: "boot", conf: {}, commands: [lsblk(devices), findmnt("/dev/vda3[/machines/x]", "vda3")] };
    const run = await runContribution("Disks", test as ContributionTest);
    expect(run).toMatchObject({ state: "done", steps: [] });
  });
});

describe("LVM", () => {
  const volumes = { lv_root: 256, lv_var: 128 };
  const disk = (): Device => ({
    kname: "vda",
    type: "disk",
    size: 8 * GiB,
    children: [
      {
        kname: "vda3",
        type: "part",
        size: 2 * GiB,
        fstype: "LVM2_member",
        partition: [3, 2048],
        children: [
          {
            kname: "dm-lv_root",
            path: "/dev/mapper/vg-lv_root",
            type: "lvm",
            size: GiB,
            fstype: "ext4",
            mountpoint: "/",
          },
          {
            kname: "dm-lv_var",
            path: "/dev/mapper/vg-lv_var",
            type: "lvm",
            size: GiB / 2,
            fstype: "xfs",
            mountpoint: "/var",
          },
        ],
      },
    ],
  });
  const grown = 8 * GiB - 2 ** 21;
  const others = [
    findmnt("/dev/mapper/vg-lv_root", "dm-lv_root"),
    growpart("/dev/vda", "3", grown),
    table("/dev/vda", 8 * GiB),
  ];
  const before = lvm("vda3", 511, volumes);

  test("partition, physical volume, volumes and file systems grow, by the default shares", async () => {
    const after = lvm("vda3", 2047, volumes);
    const run = await runDisks({}, [disk()], [...lvm("vda3", 511, volumes, 1), ...after, ...others]);
    expect(run.error).toBeUndefined();
    expect(commandsOf(run)).toEqual([
      "growpart /dev/vda 3",
      "pvresize /dev/vda3",
      "lvextend --extents 589 vg/lv_root",
      "resize2fs /dev/vg/lv_root",
      "lvextend --extents 1458 vg/lv_var",
      "xfs_growfs /var",
    ]);
    expect(said(run)).toContain(
      "/dev/vda3 grown, physical volume /dev/vda3 grown, vg/lv_root grown +20%FREE with its file system, " +
        "vg/lv_var grown +100%FREE with its file system",
    );
  });

  test("a run that ends while a volume is grown must not take a share of what is left then", async () => {
    const failing = { argv: ["lvextend"], prefix: true, exitCode: 5 };
    const run = await runDisks({}, [disk()], [failing, ...before, ...others]);
    expect(run.state).toBe("failed");
    expect(run.store.values).toMatchObject({ "grown:vg/lv_root": { target: 589, done: false } });
  });

  test("a plan, in which nothing grows, says the same", async () => {
    const run = await runDisks({}, [disk()], [...before, ...others]);
    expect(commandsOf(run)).toContain("lvextend --extents 589 vg/lv_root");
  });

  test("volumes grow as they are asked to", async () => {
    const conf = {
      lvm: [
        { name: "lv_var", size: "+1G" },
        { name: "lv_root", size: "50%VG" },
      ],
    };
    const run = await runDisks(conf, [disk()], [...before, ...others]);
    expect(commandsOf(run).filter((line) => line.startsWith("lvextend"))).toEqual([
      "lvextend --extents 384 vg/lv_var",
      "lvextend --extents 1024 vg/lv_root",
    ]);
  });

  test("an empty list leaves all as it is", async () => {
    expect(commandsOf(await runDisks({ lvm: [] }, [disk()], [...before, ...others]))).toEqual([]);
  });

  test("nothing is done a second time, and the log says so", async () => {
    const full = disk();
    const [partition] = full.children ?? [];
    if (partition !== undefined) partition.size = grown;
    const report = (sizes: Record<string, number>): Canned[] => [...lvm("vda3", 2047, sizes), ...others];
    const first = await runDisks({}, [full], report(volumes));
    expect(commandsOf(first)).toHaveLength(4);
    const second = await runDisks({}, [full], report({ lv_root: 589, lv_var: 1458 }), {}, { store: first.store });
    expect(second.steps).toEqual([]);
    expect(said(second)).toContain("nothing to grow or to create");
  });

  test("a run that follows an interrupted one finishes what that began", async () => {
    const marks = { "vg/lv_root": { asked: "+20%FREE", within: 2047, target: 589, done: false } };
    const files = { "/var/lib/kanod-configure/disks.json": JSON.stringify({ version: 1, marks }) };
    const full = disk();
    const [partition] = full.children ?? [];
    if (partition !== undefined) partition.size = grown;
    const run = await runDisks({}, [full], [...lvm("vda3", 2047, { lv_root: 589, lv_var: 128 }), ...others], files);
    expect(commandsOf(run)).toEqual([
      "resize2fs /dev/vg/lv_root",
      "lvextend --extents 1458 vg/lv_var",
      "xfs_growfs /var",
    ]);
  });

  test.each([
    [{ lvm: [{ name: "lv_home", size: "1G" }] }, "no-volume", "only lv_root, lv_var"],
    [{ lvm: [{ name: "lv_var", size: "1G", vg: "data" }] }, "no-volume-group", "only vg"],
    [{ lvm: [{ name: "lv_var", size: "20G" }] }, "does-not-fit", "lv_var"],
  ])("%j is refused before anything is done", async (conf, code, message) => {
    const run = await runDisks(conf, [disk()], [...before, ...others]);
    expect(run).toMatchObject({ state: "failed", error: { code }, steps: [] });
    expect(String(run.error)).toContain(message);
  });

  test("a volume that is not mounted is checked, or mounted, first", async () => {
    const device = disk();
    const [partition] = device.children ?? [];
    for (const child of partition?.children ?? []) if (child.kname === "dm-lv_var") delete child.mountpoint;
    const conf = { lvm: [{ name: "lv_var", size: "+1G" }] };
    expect(commandsOf(await runDisks(conf, [device], [...before, ...others])).slice(-3)).toEqual([
      "mount /dev/vg/lv_var /run/kanod-configure/grow",
      "xfs_growfs /run/kanod-configure/grow",
      "umount /run/kanod-configure/grow",
    ]);
  });

  test("a volume whose file system cannot grow is said so", async () => {
    const device = disk();
    const [partition] = device.children ?? [];
    for (const child of partition?.children ?? []) if (child.kname === "dm-lv_var") child.fstype = "ntfs";
    const run = await runDisks({ lvm: [{ name: "lv_var", size: "+1G" }] }, [device], [...before, ...others]);
    expect(run).toMatchObject({ state: "failed", error: { code: "unknown-file-system" } });
  });
});

describe("partitions on further disks", () => {
  const device = "/dev/disk/by-path/pci-0000:00:05.0";
  const blank: Device = { kname: "vdb", type: "disk", size: 10 * GiB };
  const root: Device = { kname: "vda", type: "disk", size: GiB, fstype: "ext4", mountpoint: "/" };
  const link = { [device]: { link: "../../vdb" } };
  const named: Canned = {
    argv: ["lsblk", "--json", "--nodeps", "--paths"],
    prefix: true,
    stdout: '{"blockdevices":[{"kname":"/dev/vdb","serial":"S1","wwn":null}]}',
  };
  const unmounted: Canned = {
    argv: ["lsblk", "--json", "--nodeps", "--output", "MOUNTPOINT"],
    prefix: true,
    stdout: '{"blockdevices":[{"mountpoint":null}]}',
  };
  const noTable = { argv: ["sfdisk", "--json", "/dev/vdb"], exitCode: 1 };
  const content = (path: string, ...types: string[]): Canned => ({
    argv: ["wipefs", "--no-act", "--parsable", path],
    stdout: types.map((type) => `0x1,uuid-${type},a,label,${type}`).join("\n"),
  });
  const free: Canned = { argv: ["wipefs", "--all", "--no-act"], prefix: true };
  const grownRoot = { "grown:/": { asked: "100%", within: GiB, target: GiB, done: true } };

  const runPartitions = (
    requests: object[],
    disk: Device,
    commands: Canned[],
    more: Partial<ContributionTest> & { values?: object } = {},
  ): Promise<ContributionRun> => {
    const { values, store, ...rest } = more;
    const known = { values: { ...grownRoot, ...store?.values, ...values }, damaged: store?.damaged ?? false };
    return runDisks(
      { partitions: requests.map((request) => ({ device, ...request })) },
      [root, disk],
      [
        findmnt("/dev/vda", "vda"),
        { argv: ["sfdisk", "--json", "/dev/vda"], exitCode: 1 },
        unmounted,
        named,
        free,
        ...commands,
      ],
      link,
      { store: known, ...rest },
    );
  };

  test("are made on a blank disk, with file systems", async () => {
    const requests = [
      { name: "data", size: "50%FREE", filesystem: "xfs" },
      { name: "swap", filesystem: "swap", label: "s" },
    ];
    const run = await runPartitions(requests, blank, [noTable, content("/dev/vdb")]);
    expect(run.error).toBeUndefined();
    expect(commandsOf(run)).toEqual([
      "sfdisk --quiet --no-reread --no-tell-kernel --wipe-partitions always /dev/vdb",
      "partx --update /dev/vdb",
      "udevadm settle --timeout=30",
      expect.stringMatching(/^mkfs.xfs -q -L data -m uuid=[0-9a-f-]{36} .dev.disk.by-partlabel.data$/),
      expect.stringMatching(/^mkswap -L s -U [0-9a-f-]{36} .dev.disk.by-partlabel.swap$/),
    ]);
    expect(run.steps).toContainEqual(
      expect.objectContaining({
        input: expect.stringMatching(
          /^label: gpt\nlabel-id: [0-9a-f-]{36}\nstart=2048, size=10483712, name="data"\nstart=10485760, size=10483712, name="swap"\n$/,
        ),
      }),
    );
  });

  test("are left alone when they are there, and the log says so", async () => {
    const there = table("/dev/vdb", 10 * GiB, [{ node: "/dev/vdb1", start: 2048, size: 99, name: "data" }]);
    const disk = { ...blank, children: [{ kname: "vdb1", type: "part", size: GiB, fstype: "ext4" }] };
    const first = await runPartitions([{ name: "data" }], disk, [there, content("/dev/vdb1", "ext4")]);
    expect(commandsOf(first)).toEqual([]);
    const second = await runPartitions([{ name: "data" }], disk, [there, content("/dev/vdb1", "ext4")], {
      store: first.store,
    });
    expect(second.steps).toEqual([]);
    expect(said(second)).toContain("nothing to grow or to create");
  });

  test("one more goes behind those that are there; one without a file system gets it", async () => {
    const there = table("/dev/vdb", 10 * GiB, [{ node: "/dev/vdb1", start: 2048, size: 2048, name: "data" }]);
    const disk = { ...blank, children: [{ kname: "vdb1", type: "part", size: GiB }] };
    const requests = [{ name: "data" }, { name: "more", filesystem: "none" }];
    const run = await runPartitions(requests, disk, [there, content("/dev/vdb1")]);
    expect(commandsOf(run)).toContain(
      "sfdisk --quiet --append --no-reread --no-tell-kernel --wipe-partitions always /dev/vdb",
    );
    expect(commandsOf(run).at(-1)).toMatch(/^mkfs.ext4 -q -L data -U \S+ .dev.vdb1$/);
  });

  test("a whole device gets a file system", async () => {
    const run = await runPartitions([{ filesystem: "btrfs", label: "pool" }], blank, [content("/dev/vdb")]);
    expect(commandsOf(run)).toEqual([expect.stringMatching(/^mkfs.btrfs -q -L pool -U \S+ .dev.vdb$/)]);
  });

  describe("existing data", () => {
    const dos = {
      argv: ["sfdisk", "--json", "/dev/vdb"],
      stdout: '{"partitiontable":{"label":"dos","partitions":[]}}',
    };
    const other = table("/dev/vdb", 10 * GiB, [{ node: "/dev/vdb1", start: 2048, size: 99, name: "data" }]);
    const disk = { ...blank, children: [{ kname: "vdb1", type: "part", size: GiB, fstype: "ntfs" }] };

    test.each<[string, object, Device, Canned[]]>([
      [
        "a file system on the disk",
        { name: "data" },
        { ...blank, fstype: "ext4" },
        [noTable, content("/dev/vdb", "ext4")],
      ],
      ["a table without names", { name: "data" }, disk, [dos]],
      ["another file system", { name: "data" }, disk, [other, content("/dev/vdb1", "ntfs")]],
      ["a partition table where a file system should be", {}, disk, [content("/dev/vdb", "gpt", "PMBR")]],
    ])("is not touched: %s", async (_, request, its, commands) => {
      const run = await runPartitions([request], its, commands);
      expect(run).toMatchObject({ state: "failed", error: { code: "disk-not-empty" } });
      expect(commandsOf(run)).toEqual([]);
    });

    const wipes = (run: ContributionRun): string[] => commandsOf(run).filter((line) => line.startsWith("wipefs"));
    const full = [other, content("/dev/vdb1", "ntfs"), content("/dev/vdb", "gpt")];
    const wiping = [{ name: "data", wipe: true }];

    test("is wiped where it is given away, and the plan says what is lost", async () => {
      const run = await runPartitions(wiping, disk, full);
      expect(run.error).toBeUndefined();
      expect(commandsOf(run)).toEqual([
        "wipefs --all /dev/vdb1",
        "wipefs --all /dev/vdb",
        "partx --delete /dev/vdb",
        "sfdisk --quiet --no-reread --no-tell-kernel --wipe-partitions always /dev/vdb",
        "partx --update /dev/vdb",
        "udevadm settle --timeout=30",
        expect.stringMatching(/^mkfs.ext4 -q -L data -U \S+ .dev.disk.by-partlabel.data$/),
      ]);
      const [first] = run.steps.filter(({ kind }) => kind === "run");
      expect(first).toMatchObject({ why: expect.stringContaining('/dev/vdb1 of 1 GiB (ntfs "a,label")') });
    });

    test.each<[string, object]>([
      ["by another path", { device: "/dev/vdb" }],
      ["by the same path", {}],
    ])("is wiped once for an instance, also when the disk is named %s", async (_, request) => {
      const init = { instanceId: "i-1" };
      const first = await runPartitions(wiping, disk, full, { init });
      expect(first.store.values).toMatchObject({ "wiped:serial:S1": "i-1" });
      const again = [{ ...wiping[0], ...request }];
      expect(wipes(await runPartitions(again, disk, full, { init, store: first.store }))).toEqual([]);
      const next = { init: { instanceId: "i-2" }, store: first.store };
      expect(wipes(await runPartitions(again, disk, full, next))).toHaveLength(2);
    });

    test("is wiped later where an earlier run refused it", async () => {
      const refused = await runPartitions([{ name: "data" }], { ...blank, fstype: "ext4" }, [
        noTable,
        content("/dev/vdb", "ext4"),
      ]);
      expect(refused).toMatchObject({ error: { code: "disk-not-empty" } });
      const commands = [noTable, content("/dev/vdb", "ext4")];
      const run = await runPartitions(wiping, { ...blank, fstype: "ext4" }, commands, { store: refused.store });
      expect(wipes(run)).toEqual(["wipefs --all /dev/vdb"]);
    });

    test("is not wiped again after version 0.1 did it", async () => {
      const marks = { [`disk ${device}`]: { asked: "prepare", within: 1, target: 1, done: true } };
      const files = {
        ...link,
        "/dev/vdb": "",
        "/var/lib/kanod-configure/disks.json": JSON.stringify({ version: 1, marks }),
      };
      const run = await runPartitions(wiping, disk, full, { files });
      expect(wipes(run)).toEqual([]);
    });

    test.each<[string, string, Partial<ContributionTest>, Canned[]]>([
      ["without its record", "damaged-state", { store: { damaged: true } }, []],
      [
        "that somebody holds",
        "disk-in-use",
        {},
        [{ argv: ["wipefs", "--all", "--no-act", "/dev/vdb"], exitCode: 1, stderr: "busy" }],
      ],
      [
        "that nothing tells from others",
        "disk-not-empty",
        {},
        [
          { ...named, stdout: '{"blockdevices":[{"kname":"/dev/vdb","serial":null,"wwn":null}]}' },
          { argv: ["blkid"], prefix: true, exitCode: 2 },
        ],
      ],
    ])("is not wiped %s", async (_, code, more, commands) => {
      const answers = [lsblk([root, disk]), ...commands, findmnt("/dev/vda", "vda"), named, free, ...full];
      const all = [...answers, { argv: ["sfdisk", "--json", "/dev/vda"], exitCode: 1 }];
      const run = await runPartitions(wiping, disk, [], { ...more, commands: all });
      expect(run).toMatchObject({ state: "failed", error: { code } });
      expect(commandsOf(run)).toEqual([]);
    });

    test("is not wiped for what would not fit", async () => {
      const run = await runPartitions([{ ...wiping[0], size: "20G" }], disk, full);
      expect(run).toMatchObject({ state: "failed", error: { code: "does-not-fit" } });
      expect(commandsOf(run)).toEqual([]);
    });

    test("is not wiped for the second of two entries that name one disk", async () => {
      const run = await runPartitions([{ name: "data" }, { name: "data", device: "/dev/vdb", wipe: true }], disk, full);
      expect(run).toMatchObject({ state: "failed", error: { code: "bad-partition" } });
      expect(commandsOf(run)).toEqual([]);
    });

    test("that an interrupted run began to make is made again, what else is there is not", async () => {
      const unfinished = { values: { "making:serial:S1/data": { type: "ext4", uuid: "uuid-ext4" } } };
      const there = [other, content("/dev/vdb1", "ext4")];
      const again = await runPartitions([{ name: "data" }], disk, there, unfinished);
      expect(commandsOf(again)).toEqual(["wipefs --all /dev/vdb1", "mkfs.ext4 -q -L data -U uuid-ext4 /dev/vdb1"]);
      expect(again.store.values).not.toHaveProperty("making:serial:S1/data");
      const foreign = { values: { "making:serial:S1/data": { type: "ext4", uuid: "other" } } };
      expect(commandsOf(await runPartitions([{ name: "data" }], disk, there, foreign))).toEqual([]);
    });

    test("an unfinished table is made again, as long as nothing else is there", async () => {
      const values = { "table:vdb": { uuid: "11111111-2222-3333-4444-555555555555" } };
      const probed = { argv: ["blkid"], prefix: true, exitCode: 2 };
      const run = await runPartitions([{ name: "data" }], blank, [dos, probed, content("/dev/vdb", "PMBR")], {
        values,
      });
      expect(commandsOf(run).slice(0, 3)).toEqual([
        "wipefs --all /dev/vdb",
        "partx --delete /dev/vdb",
        "sfdisk --quiet --no-reread --no-tell-kernel --wipe-partitions always /dev/vdb",
      ]);
      const foreign = { argv: ["blkid"], prefix: true, stdout: "PTUUID=1234" };
      const kept = await runPartitions([{ name: "data" }], blank, [dos, foreign, content("/dev/vdb", "dos")], {
        values,
      });
      expect(kept).toMatchObject({ error: { code: "disk-not-empty" } });
      expect(wipes(kept)).toEqual([]);
    });

    test.each<[string, Device]>([
      [
        "a mounted file system",
        { ...blank, children: [{ kname: "vdb1", type: "part", size: GiB, mountpoint: "/srv" }] },
      ],
      ["a volume", { ...blank, children: [{ kname: "dm-9", type: "lvm", size: GiB }] }],
      ["the disk itself", { ...blank, mountpoint: "[SWAP]" }],
    ])("is never wiped where it is in use: %s", async (_, used) => {
      const run = await runPartitions([{ name: "data", wipe: true }], used, [other]);
      expect(run).toMatchObject({ state: "failed", error: { code: "disk-in-use" } });
      expect(commandsOf(run)).toEqual([]);
    });
  });

  test("a disk that does not come is an error that names those that there are", async () => {
    const commands = [findmnt("/dev/vda", "vda"), { argv: ["sfdisk", "--json", "/dev/vda"], exitCode: 1 }];
    const run = await runDisks(
      { partitions: [{ device: "/dev/vdz", name: "data" }] },
      [root, blank],
      commands,
      {},
      { store: { values: grownRoot } },
    );
    expect(run).toMatchObject({ state: "failed", error: { code: "no-disk" } });
    expect(String(run.error)).toContain("only /dev/vda, /dev/vdb");
    expect(commandsOf(run)).toEqual(["udevadm settle --timeout=30"]);
  });
});

test("the README's example runs", async () => {
  const [example] = readmeExamples<{ boot: { lvm: object[]; partitions: object[] } }>(new URL("../", import.meta.url));
  const devices: Device[] = [
    {
      kname: "vda",
      type: "disk",
      size: 40 * GiB,
      children: [{ kname: "dm-lv_root", type: "lvm", size: GiB, fstype: "ext4", mountpoint: "/" }],
    },
    { kname: "vdb", type: "disk", size: 10 * GiB },
  ];
  const answers = [
    findmnt("/dev/mapper/vg-lv_root", "dm-lv_root"),
    ...lvm("vda", 10_239, { lv_root: 256, lv_var: 128 }),
    { argv: ["lsblk", "--json", "--nodeps"], prefix: true, stdout: '{"blockdevices":[{"kname":"/dev/vdb"}]}' },
    { argv: ["blkid"], prefix: true, exitCode: 2 },
    { argv: ["sfdisk", "--json"], prefix: true, exitCode: 1 },
    { argv: ["wipefs"], prefix: true },
  ];
  const files = { "/dev/disk/by-path/pci-0000:00:05.0": { link: "../../vdb" } };
  const run = await runDisks(example?.boot ?? {}, devices, answers, files);
  expect(run.error).toBeUndefined();
  expect(commandsOf(run)).toContain("lvextend --extents 2560 vg/lv_root");
  expect(commandsOf(run)).toContainEqual(expect.stringMatching(/^mkfs.xfs -q -L data .*by-partlabel.data$/));
});
