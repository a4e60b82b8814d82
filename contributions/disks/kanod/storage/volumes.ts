import { AgentError } from "kanod-configure";
import type { LogicalVolume, LvmReport, VolumeGroup } from "./lvm.ts";
import type { Mark } from "./marks.ts";
import { formatBytes, parseSize, targetExtents, type VolumeSize } from "./size.ts";

/** A logical volume and what it is to grow to, as in `boot.lvm`. */
export interface VolumeRequest {
  name: string;
  size: string;
  /** Volume group. */
  vg: string;
}

/** What is to be done with one volume. */
export interface VolumePlan {
  volume: LogicalVolume;
  /** In extents. */
  current: number;
  target: number;
  /** In bytes. */
  extentSize: number;
  mark: Mark;
}

/** The group that the images have which this contribution's ancestor grew. */
export const defaultGroup = "vg";

/** What the ancestor gives to the volumes of its images; the first of the last four gets what is left. */
export const defaultShares: readonly { name: string; size: string }[] = [
  { name: "lv_varlog", size: "+10%FREE" },
  { name: "lv_tmp", size: "+10%FREE" },
  { name: "lv_root", size: "+20%FREE" },
  { name: "lv_home", size: "+10%FREE" },
  { name: "lv_vartmp", size: "+10%FREE" },
  { name: "lv_varlogaudit", size: "+5%FREE" },
  { name: "lv_var", size: "+100%FREE" },
  { name: "lv_etcd", size: "+100%FREE" },
  { name: "lv_containerd", size: "+100%FREE" },
  { name: "lv_kubelet", size: "+100%FREE" },
];

/** The default shares of those volumes that there are. */
export function defaultRequests(report: LvmReport, group: string): VolumeRequest[] {
  const isThere = (name: string): boolean => report.volumes.some((one) => one.group === group && one.name === name);
  return defaultShares.filter(({ name }) => isThere(name)).map((share) => ({ ...share, vg: group }));
}

/**
 * What each request comes to, in their order, in groups of the sizes given: a share of the free space is one of what the
 * requests before have left.
 *
 * @param marks what earlier runs did, by `group/volume`
 * @throws AgentError `no-volume-group` and `no-volume` (naming those that there are), `inactive-volume`, `bad-size`,
 *   `does-not-fit`
 */
export function planVolumes(
  report: LvmReport,
  requests: readonly VolumeRequest[],
  marks: (name: string) => Mark | undefined,
): VolumePlan[] {
  const free = new Map(report.groups.map(({ name, free: extents }) => [name, extents]));
  return requests.map((request) => {
    const group = findGroup(report.groups, request.vg);
    const volume = findVolume(report.volumes, request);
    const room = { ...group, free: free.get(group.name) ?? 0 };
    const current = Math.round(volume.size / group.extentSize);
    const mark = marks(`${group.name}/${volume.name}`);
    const target = decide(request, current, room, mark);
    if (target - current > room.free) throw doesNotFit(request, target - current, room);
    free.set(group.name, room.free - (target - current));
    const isDone = mark?.done === true && target === current;
    const next = { asked: request.size, within: group.total, target, done: isDone };
    return { volume, current, target, extentSize: group.extentSize, mark: next };
  });
}

/**
 * In extents. What was begun for this size of the group is finished, what was finished is not done again. In a group
 * that grew since, shares are taken anew, and a fixed addition (`+5G`) is not.
 */
function decide(request: VolumeRequest, current: number, room: VolumeGroup, mark: Mark | undefined): number {
  const size = parsedSize(request);
  const isSame = mark?.asked === request.size;
  if (isSame && mark.within === room.total) return Math.max(current, mark.target);
  if (isSame && mark.done && size.add && "bytes" in size) return current;
  return targetExtents(size, current, room);
}

function parsedSize({ name, size }: VolumeRequest): VolumeSize {
  const parsed = parseSize(size);
  if (parsed === undefined) throw new AgentError("bad-size", `the size ${size} of volume ${name} cannot be understood`);
  return parsed;
}

function findGroup(groups: readonly VolumeGroup[], name: string): VolumeGroup {
  const group = groups.find((one) => one.name === name);
  if (group !== undefined) return group;
  throw new AgentError(
    "no-volume-group",
    `there is no volume group ${name}, only ${list(groups.map((one) => one.name))}`,
  );
}

function findVolume(volumes: readonly LogicalVolume[], { name, vg }: VolumeRequest): LogicalVolume {
  const inGroup = volumes.filter(({ group }) => group === vg);
  const volume = inGroup.find((one) => one.name === name);
  if (volume?.majorMinor !== undefined) return volume;
  if (volume !== undefined) throw new AgentError("inactive-volume", `volume ${name} of group ${vg} is not active`);
  const names = list(inGroup.map((one) => one.name));
  throw new AgentError("no-volume", `there is no volume ${name} in group ${vg}, only ${names}`);
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "none at all" : names.toSorted().join(", ");
}

function doesNotFit({ name, size, vg }: VolumeRequest, needed: number, room: VolumeGroup): AgentError {
  const message =
    `${size} for volume ${name} needs ${formatBytes(needed * room.extentSize)} more, ` +
    `and group ${vg} has ${formatBytes(room.free * room.extentSize)} free for it`;
  return new AgentError("does-not-fit", message, { hint: "nothing was changed" });
}
