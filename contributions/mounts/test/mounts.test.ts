import { type ContributionRun, type ContributionTest, runContribution } from "kanod-configure/testing";
import { describe, expect, test } from "vitest";
import { readmeExamples } from "../../../test/support/readme.ts";
import "../kanod/mounts.ts";

const fstab = "UUID=1 / ext4 defaults 0 1\n";
const notMounted = { argv: ["findmnt"], prefix: true, exitCode: 1 };
const mounted = { argv: ["findmnt"], prefix: true, stdout: "/data" };
const label = { argv: ["findfs", "LABEL=data"], stdout: "/dev/vdb" };

function runMounts(mounts: unknown, test: Partial<ContributionTest> = {}): Promise<ContributionRun> {
  const conf = mounts === undefined ? { name: "node" } : { name: "node", mounts };
  const base = { files: { "/etc/fstab": fstab }, commands: [notMounted, label] };
  return runContribution("Mounts", { conf, ...base, ...test } as ContributionTest);
}

const commands = (run: ContributionRun): string[] =>
  run.steps.flatMap((step) => (step.kind === "run" ? [step.argv.join(" ")] : []));

test("does nothing without its section", async () => {
  expect(await runMounts(undefined)).toMatchObject({ state: "done", steps: [] });
});

test("writes fstab, makes the mount point and mounts", async () => {
  const run = await runMounts([["LABEL=data", "/data"]]);
  expect(run.error).toBeUndefined();
  expect(run.files["/etc/fstab"]).toContain(`${fstab}# BEGIN kanod-configure`);
  expect(run.steps).toContainEqual(expect.objectContaining({ kind: "directory", path: "/data" }));
  expect(commands(run)).toEqual(["systemctl daemon-reload", "mount /data"]);
});

test("changes nothing in a second run, and says so", async () => {
  const first = await runMounts([["LABEL=data", "/data"]]);
  const files = { ...first.files, "/data": { directory: true } as const };
  const second = await runMounts([["LABEL=data", "/data"]], { files, commands: [mounted, label] });
  expect(second.steps).toEqual([]);
  expect(second.log.map(({ message }) => message)).toContain("nothing changed");
});

test("mounts the outer before the inner, in whatever order they are given", async () => {
  const run = await runMounts([
    ["LABEL=data", "/a/b/c"],
    ["tmpfs", "/a/b", "tmpfs"],
    ["tmpfs", "/a", "tmpfs"],
  ]);
  expect(commands(run).slice(1)).toEqual(["mount /a", "mount /a/b", "mount /a/b/c"]);
});

test("waits for a device that is not there yet", async () => {
  const commandsOf = async (source: string): Promise<string[]> =>
    commands(
      await runMounts([[source, "/data"]], { commands: [notMounted, { argv: ["findfs"], prefix: true, exitCode: 1 }] }),
    );
  const settled = (await commandsOf("LABEL=late")).slice(1);
  expect(settled).toEqual(["udevadm settle --timeout=30", "mount /data"]);
  expect((await commandsOf("vdb")).slice(1)).toEqual(settled);
  expect((await commandsOf("server:/export")).slice(1)).toEqual(["mount /data"]);
});

test("only writes what is not to be mounted now", async () => {
  const run = await runMounts([
    ["LABEL=data", "/data", "auto", "noauto"],
    ["vdc", "none", "swap", "sw,noauto"],
  ]);
  expect(commands(run)).toEqual(["systemctl daemon-reload"]);
});

test("mounts anew what got other options", async () => {
  const first = await runMounts([["LABEL=data", "/data"]]);
  const again = { files: first.files, commands: [mounted, label] };
  const run = await runMounts([["LABEL=data", "/data", "auto", "ro"]], again);
  expect(commands(run)).toEqual(["systemctl daemon-reload", "mount -o remount /data"]);
});

test("an entry that was removed leaves fstab and stays mounted", async () => {
  const first = await runMounts([["LABEL=data", "/data"]]);
  const run = await runMounts([], { files: first.files });
  expect(run.files["/etc/fstab"]).toBe(fstab);
  expect(commands(run)).toEqual(["systemctl daemon-reload"]);
});

describe("swap", () => {
  const swap = [["LABEL=data", "none", "swap"]];
  const readlink = { argv: ["readlink", "--canonicalize", "/dev/vdb"], stdout: "/dev/vdb" };

  test("is used", async () => {
    const run = await runMounts(swap, { commands: [label, readlink] });
    expect(commands(run)).toEqual(["systemctl daemon-reload", "swapon LABEL=data"]);
  });

  test("is left alone when it is in use", async () => {
    const first = await runMounts(swap, { commands: [label, readlink] });
    const files = { ...first.files, "/proc/swaps": "Filename Type\n/dev/vdb  partition 1 0 -2\n" };
    expect((await runMounts(swap, { files, commands: [label, readlink] })).steps).toEqual([]);
  });
});

describe("entries of others in fstab", () => {
  test("that are the same make ours needless", async () => {
    const files = { "/etc/fstab": `${fstab}LABEL=data /data ext4 defaults\nvdc none swap\n/dev/vdc none swap sw\n` };
    const run = await runMounts(
      [
        ["LABEL=data", "/data"],
        ["vdc", "none", "swap"],
      ],
      { files },
    );
    expect(run).toMatchObject({ state: "done", steps: [] });
  });

  test("that mount something else there are a conflict, before anything is changed", async () => {
    const files = { "/etc/fstab": `${fstab}LABEL=other /data ext4 defaults\n` };
    const run = await runMounts([["LABEL=data", "/data"]], { files });
    expect(run).toMatchObject({ state: "failed", error: { code: "mount-conflict" }, steps: [] });
  });
});

test("something else that is mounted there is a conflict", async () => {
  const other = { argv: ["findmnt", "--noheadings", "--output", "TARGET", "--mountpoint", "/data"], stdout: "/data" };
  const run = await runMounts([["LABEL=data", "/data"]], { commands: [other, notMounted] });
  expect(run).toMatchObject({ state: "failed", error: { code: "mount-conflict" } });
  expect(commands(run)).not.toContain("mount /data");
});

test.each([
  [[["LABEL=data\n/dev/sda", "/data"]], "mounts.0.0"],
  [
    [
      ["a", "/data"],
      ["b", "/data/"],
    ],
    "mounts.1.1",
  ],
  [[["a", "data"]], "mounts.0.1"],
  [[["--all", "/data"]], "mounts.0.0"],
  [[["/dev/vdb", "/data", "swap"]], "mounts.0.1"],
  [[["/dev/vdb", "none", "xfs"]], "mounts.0.2"],
])("%j is refused before anything is done", async (mounts, place) => {
  const run = await runMounts(mounts);
  expect(run).toMatchObject({ state: "failed", steps: [] });
  expect(String(run.error)).toContain(place);
});

test("the README's example runs", async () => {
  const answers = [
    notMounted,
    { argv: ["findfs"], prefix: true, stdout: "/dev/vdb" },
    { argv: ["readlink"], prefix: true },
  ];
  for (const { mounts } of readmeExamples<{ mounts: unknown }>(new URL("../", import.meta.url))) {
    expect(await runMounts(mounts, { commands: answers })).toMatchObject({ state: "done" });
  }
});

describe("what findmnt shows by another source is recognized", () => {
  const occupied = (path: string, source: string): NonNullable<ContributionTest["commands"]> => [
    { argv: ["findmnt", "--noheadings", "--output", "TARGET", "--source"], prefix: true, exitCode: 1 },
    { argv: ["findmnt", "--noheadings", "--output", "TARGET", "--mountpoint", path], stdout: path },
    { argv: ["findmnt", "--noheadings", "--output", "SOURCE", "--mountpoint", path], stdout: source },
  ];
  const bind = ["/data/docker", "/var/lib/docker", "none", "bind"];
  const loop = ["/data/img", "/srv/img", "ext4", "loop"];
  const inodes = (one: string, other: string): NonNullable<ContributionTest["commands"]>[number] => ({
    argv: ["stat"],
    prefix: true,
    stdout: `${one}\n${other}`,
  });

  test("a bind mount", async () => {
    const commandsOf = (other: string) => [
      ...occupied("/var/lib/docker", "/dev/vda1[/data/docker]"),
      inodes("1:2", other),
    ];
    const first = await runMounts([bind], { commands: commandsOf("1:2") });
    expect(first).toMatchObject({ state: "done" });
    const files = { ...first.files, "/var/lib/docker": { directory: true } as const };
    const second = await runMounts([bind], { commands: commandsOf("1:2"), files });
    expect(second).toMatchObject({ state: "done", steps: [] });
    const other = await runMounts([bind], { commands: commandsOf("1:3") });
    expect(other).toMatchObject({ state: "failed", error: { code: "mount-conflict" }, steps: [] });
  });

  test("an image file", async () => {
    const backing = (path: string) => ({ "/etc/fstab": fstab, "/sys/block/loop3/loop/backing_file": `${path}\n` });
    const commands = occupied("/srv/img", "/dev/loop3");
    expect(await runMounts([loop], { commands, files: backing("/data/img") })).toMatchObject({ state: "done" });
    const other = await runMounts([loop], { commands, files: backing("/data/other") });
    expect(other).toMatchObject({ state: "failed", error: { code: "mount-conflict" }, steps: [] });
  });
});

test("another source than the mounted one is refused before fstab is written", async () => {
  const commands = [
    { argv: ["findmnt", "--noheadings", "--output", "TARGET", "--source"], prefix: true, exitCode: 1 },
    { argv: ["findmnt"], prefix: true, stdout: "/srv/d" },
  ];
  const run = await runMounts([["/dev/loop1", "/srv/d"]], { commands });
  expect(run).toMatchObject({ state: "failed", error: { code: "mount-conflict" }, steps: [] });
});

test("without the section what an earlier run put into fstab leaves it", async () => {
  const first = await runMounts([["LABEL=data", "/data"]]);
  const run = await runMounts(undefined, { files: first.files });
  expect(run.files["/etc/fstab"]).toBe(fstab);
});
