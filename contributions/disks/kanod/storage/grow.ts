import type { Host, Store } from "kanod-configure";
import { growFileSystem, isGrowable } from "./file-systems.ts";
import { type GrowthPlan, planGrowth } from "./growth.ts";
import { type BlockDevice, contentOf, disksOf, type Layout, readLayout } from "./layout.ts";
import { type LvmReport, lvmOptions, mayHaveLvm, type PhysicalVolume, readLvm } from "./lvm.ts";
import { Marks } from "./marks.ts";
import { moveBackupTable } from "./partition-table.ts";
import { defaultGroup, defaultRequests, planVolumes, type VolumePlan, type VolumeRequest } from "./volumes.ts";

/** A physical volume, what it lies on, and how far that grows. */
interface Member {
  volume: PhysicalVolume;
  device: BlockDevice;
  growth: GrowthPlan;
  /** In extents, when all is done. */
  extents: number;
}

/**
 * Grows what the image came with to the disks it landed on: partitions, then physical volumes, then logical volumes and
 * their file systems, or without LVM the root partition and its file system. What cannot fit is refused before anything
 * is changed.
 *
 * @param requests undefined: the default shares
 * @returns what was done, for people; empty when all was right already
 * @throws AgentError as planVolumes does, `unknown-file-system`; CommandError
 */
export async function growDisks(
  host: Host,
  store: Store,
  requests: readonly VolumeRequest[] | undefined,
): Promise<string[]> {
  const layout = await readLayout(host);
  if (layout === undefined) return [];
  const asksForLvm = (requests?.length ?? 0) > 0 || (await mayHaveLvm(host, layout));
  const report = asksForLvm ? await readLvm(host) : { physicalVolumes: [], groups: [], volumes: [] };
  const groups = new Set(requests?.map(({ vg }) => vg) ?? [groupToGrow(report, layout)]);
  const marks = await Marks.read(store);
  const plan = (grown: LvmReport): VolumePlan[] => {
    const wanted = requests ?? [...groups].flatMap((group) => defaultRequests(grown, group));
    return planVolumes(grown, wanted, (name) => marks.get(name));
  };
  const members = await planMembers(host, store, layout, report, groups);
  plan(predicted(report, members));
  const root = isVolume(report, layout.root) ? undefined : layout.root;
  const rootGrowth = root === undefined ? undefined : await planGrowth(host, store, layout, root);
  const done = await growAll(host, store, layout, members, rootGrowth, root);
  const grown = done.length === 0 || report.groups.length === 0 ? report : await currentReport(host, report, members);
  for (const volume of plan(grown)) done.push(...(await growVolume(host, layout, volume, marks)));
  if (root !== undefined) done.push(...(await growRoot(host, root, rootGrowth?.size ?? root.size, marks)));
  return done;
}

/** That of the ancestor's images, else the one that the root file system is in. */
function groupToGrow(report: LvmReport, layout: Layout): string {
  if (report.groups.some(({ name }) => name === defaultGroup)) return defaultGroup;
  return report.volumes.find(({ majorMinor }) => majorMinor === layout.root?.majorMinor)?.group ?? defaultGroup;
}

function isVolume(report: LvmReport, device: BlockDevice | undefined): boolean {
  return report.volumes.some(({ majorMinor }) => majorMinor !== undefined && majorMinor === device?.majorMinor);
}

async function planMembers(
  host: Host,
  store: Store,
  layout: Layout,
  report: LvmReport,
  groups: ReadonlySet<string>,
): Promise<Member[]> {
  const members: Member[] = [];
  for (const volume of report.physicalVolumes.filter(({ group }) => groups.has(group))) {
    const device = layout.devices.find(({ majorMinor }) => majorMinor === volume.majorMinor);
    const extentSize = report.groups.find(({ name }) => name === volume.group)?.extentSize;
    if (device === undefined || extentSize === undefined) continue;
    const growth = await planGrowth(host, store, layout, device);
    const extents = Math.max(volume.extents, Math.floor((growth.size - volume.dataStart) / extentSize));
    members.push({ volume, device, growth, extents });
  }
  return members;
}

/** The report as it will be once the physical volumes have grown. */
function predicted(report: LvmReport, members: readonly Member[]): LvmReport {
  const added = (group: string): number =>
    members
      .filter(({ volume }) => volume.group === group)
      .reduce((sum, { volume, extents }) => sum + extents - volume.extents, 0);
  const groups = report.groups.map((group) => {
    const more = added(group.name);
    return { ...group, total: group.total + more, free: group.free + more };
  });
  return { ...report, groups };
}

async function growAll(
  host: Host,
  store: Store,
  layout: Layout,
  members: readonly Member[],
  rootGrowth: GrowthPlan | undefined,
  root: BlockDevice | undefined,
): Promise<string[]> {
  const done: string[] = [];
  for (const { growth, volume, extents } of members) {
    await carryOut(host, store, growth, done);
    if (extents === volume.extents) continue;
    await host.run(["pvresize", volume.path], { ...lvmOptions, why: "grow the physical volume to its device" });
    done.push(`physical volume ${volume.path} grown`);
  }
  if (rootGrowth !== undefined) await carryOut(host, store, rootGrowth, done);
  const devices = [...members.map(({ device }) => device), ...(root === undefined ? [] : [root])];
  for (const disk of disksOf(layout, devices)) {
    if (await moveBackupTable(host, disk)) done.push(`copy of the partition table moved to the end of ${disk.path}`);
  }
  return done;
}

async function carryOut(host: Host, store: Store, plan: GrowthPlan, done: string[]): Promise<void> {
  const { commands, description, owed } = plan;
  if (owed !== undefined) await store.set(owed.key, owed.value);
  for (const { argv, options } of commands) await host.run(argv, options);
  if (owed !== undefined) await store.delete(owed.key);
  done.push(...description);
}

/** What LVM says now; in a plan, in which nothing has grown, what was predicted. */
async function currentReport(host: Host, report: LvmReport, members: readonly Member[]): Promise<LvmReport> {
  const now = await readLvm(host);
  const expected = predicted(report, members);
  const hasGrown = now.groups.some(
    ({ name, total }) => total !== report.groups.find((one) => one.name === name)?.total,
  );
  return hasGrown ? now : expected;
}

async function growVolume(host: Host, layout: Layout, plan: VolumePlan, marks: Marks): Promise<string[]> {
  if (plan.mark.done) return [];
  const { volume, current, target, mark } = plan;
  const name = `${volume.group}/${volume.name}`;
  await marks.set(name, mark);
  if (target > current) {
    await host.run(["lvextend", "--extents", String(target), name], { ...lvmOptions, why: `${mark.asked} was asked` });
  }
  const device = layout.devices.find(({ majorMinor }) => majorMinor === volume.majorMinor);
  const type = device === undefined ? undefined : await contentOf(host, device);
  const fileSystem = { path: volume.path, type, mountPoint: device?.mountPoint };
  const hasFileSystem = await growFileSystem(host, fileSystem);
  await marks.set(name, { ...mark, done: true });
  if (target === current) return [];
  return [`${name} grown ${mark.asked}${hasFileSystem ? " with its file system" : ""}`];
}

async function growRoot(host: Host, root: BlockDevice, size: number, marks: Marks): Promise<string[]> {
  const before = marks.get("/");
  if (before?.done === true && before.target === size) return [];
  const type = await contentOf(host, root);
  // A root that is read-only by its nature, as squashfs, is not to be grown and no reason to fail.
  if (!isGrowable(type)) return [];
  await growFileSystem(host, { path: root.path, type, mountPoint: "/" });
  await marks.set("/", { asked: "100%", within: size, target: size, done: true });
  return size === root.size ? [] : ["root file system grown"];
}
