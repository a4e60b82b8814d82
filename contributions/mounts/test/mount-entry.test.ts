import { describe, expect, test } from "vitest";
import { type MountForm, mountEntry, mountFault } from "../kanod/fstab/mount-entry.ts";

const byDefault = "defaults,nofail,x-systemd.device-timeout=30";

test.each<[MountForm, string]>([
  [["/dev/vdb", "/data"], `/dev/vdb /data auto ${byDefault} 0 0`],
  [["vdb1", "/data/"], `/dev/vdb1 /data auto ${byDefault} 0 0`],
  [["nvme0n1p3", "//a//b"], `/dev/nvme0n1p3 /a/b auto ${byDefault} 0 0`],
  [["LABEL=x", "/data", "xfs", "noatime", "1", "2"], "LABEL=x /data xfs noatime 1 2"],
  [["LABEL=x", "/data", "auto", "ro", 0, 2], "LABEL=x /data auto ro 0 2"],
  [["server:/export", "/mnt", "nfs4"], `server:/export /mnt nfs4 ${byDefault},_netdev 0 0`],
  [["tmpfs", "/scratch", "tmpfs"], `tmpfs /scratch tmpfs ${byDefault} 0 0`],
  [["vdc", "none", "swap"], "/dev/vdc none swap sw,nofail,x-systemd.device-timeout=30 0 0"],
  [["vdc", "swap"], "/dev/vdc none swap sw,nofail,x-systemd.device-timeout=30 0 0"],
])("%j", (form, line) => {
  const { source, path, type, options, dump, pass } = mountEntry(form);
  expect([source, path, type, options, dump, pass].join(" ")).toBe(line);
  expect(mountFault(form)).toBeUndefined();
});

describe("refused", () => {
  test.each<[MountForm, number]>([
    [["", "/data"], 0],
    [["/dev/a\n/dev/b / ext4", "/data"], 0],
    [["/dev/vdb", "data"], 1],
    [["/dev/vdb", ""], 1],
    [["/dev/vdb", "/"], 1],
    [["/dev/vdb", "///"], 1],
    [["/dev/vdb", "/a/../b"], 1],
    [["/dev/vdb", `/${"x".repeat(10_000)}`], 1],
    [["/dev/vdb", "/data", "ext4 defaults"], 2],
    [["/dev/vdb", "/data", "ext4", "a b"], 3],
    [["/dev/vdb", "/data", "ext4", "ro", "yes"], 4],
    [["/dev/vdb", "/data", "ext4", "ro", 0, 10], 5],
  ])("%j", (form, field) => {
    expect(mountFault(form)?.field).toBe(field);
  });

  test("but unusual characters in paths are not", () => {
    expect(mountFault(["LABEL=a b", "/mnt/é 'x' $(y);#z"])).toBeUndefined();
  });
});
