import { describe, expect, test } from "vitest";
import { recordingHost } from "../../../src/host/recording-host.ts";
import { planGrowth } from "../kanod/storage/growth.ts";
import { type BlockDevice, contentOf, readLayout } from "../kanod/storage/layout.ts";
import { mayHaveLvm, readLvm } from "../kanod/storage/lvm.ts";

const device = (kernelName: string, more: Partial<BlockDevice> = {}): BlockDevice => ({
  kernelName,
  path: `/dev/${kernelName}`,
  type: "disk",
  size: 2 ** 30,
  content: undefined,
  majorMinor: "8:0",
  mountPoint: undefined,
  parents: [],
  ...more,
});

test("a command that does not answer with JSON is named", async () => {
  const commands = [
    { argv: ["lsblk"], prefix: true, stdout: "lsblk: unknown column" },
    { argv: ["findmnt"], prefix: true, exitCode: 1 },
  ];
  const host = recordingHost({ commands });
  await expect(readLayout(host)).rejects.toMatchObject({ code: "bad-command-output" });
});

describe("what udev has not noted", () => {
  const blkid = (stdout: string, exitCode: number) => [{ argv: ["blkid"], prefix: true, stdout, exitCode }];

  test("is looked for on the device itself", async () => {
    expect(await contentOf(recordingHost({ commands: blkid("xfs\n", 0) }), device("vdb"))).toBe("xfs");
  });

  test("may be nothing", async () => {
    expect(await contentOf(recordingHost({ commands: blkid("", 2) }), device("vdb"))).toBeUndefined();
  });
});

describe("LVM", () => {
  test("is empty where its tools are not installed", async () => {
    expect(await readLvm(recordingHost())).toEqual({ physicalVolumes: [], groups: [], volumes: [] });
  });

  test("that cannot be read is no empty one: nothing would be grown, and nobody told", async () => {
    const commands = [{ argv: ["lvm"], prefix: true, stderr: "/dev/sda: read failed", exitCode: 5 }];
    await expect(readLvm(recordingHost({ commands }))).rejects.toMatchObject({ code: "command-failed" });
  });
});

describe("LVM's tools are asked", () => {
  const files = { "/dev/sda": "", "/dev/sda1": "" };
  const disk = (partition: Partial<BlockDevice>) => [
    device("sda"),
    device("sda1", { type: "part", majorMinor: "8:1", parents: ["sda"], ...partition }),
  ];

  test.each([
    ["a physical volume", disk({ content: "LVM2_member" }), true],
    ["a volume", [device("dm-0", { type: "lvm", content: "ext4" })], true],
    ["what udev has not looked at yet", disk({}), true],
    ["a file system", disk({ content: "ext4" }), false],
    ["a disk of a container's host", [device("sdb")], false],
  ])("about %s", async (_, devices, expected) => {
    expect(await mayHaveLvm(recordingHost({ files }), { devices, root: undefined })).toBe(expected);
  });

  test("not about an empty partition", async () => {
    const host = recordingHost({ files: { ...files, "/run/udev/data/b8:1": "E:ID_PART_ENTRY_NUMBER=1\n" } });
    expect(await mayHaveLvm(host, { devices: disk({}), root: undefined })).toBe(false);
  });
});

test("a RAID is not grown, nor are its members", async () => {
  const members = ["sda1", "sdb1"].map((name) => device(name, { type: "part", parents: [name.slice(0, 3)] }));
  const raid = device("md0", { type: "raid1", parents: ["sda1", "sdb1"] });
  const host = recordingHost();
  const layout = { devices: [device("sda"), device("sdb"), ...members, raid], root: raid };
  const untouched = {} as never;
  expect(await planGrowth(host, untouched, layout, raid)).toEqual({ size: 2 ** 30, commands: [], description: [] });
  expect(host.steps).toEqual([]);
});
