/** A size as lvresize(8) takes it: `10G`, `+5G`, `50%VG`, `+20%FREE`. A sign `+` adds to what is there. */
export type VolumeSize =
  | { add: boolean; bytes: number }
  | {
      add: boolean;
      percent: number;
      /** Of the group's free extents, of all of the group's, or of the volume itself. */
      of: "FREE" | "VG" | "LV";
    };

/** In bytes: units are powers of 1024 whatever their case, and a number without one counts MiB, as lvresize(8) says. */
const units: Readonly<Record<string, number>> = {
  "": 2 ** 20,
  B: 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
  P: 2 ** 50,
};

/** Undefined for a text that is no size. */
export function parseSize(text: string): VolumeSize | undefined {
  const match = /^(\+?)(\d+(?:\.\d+)?)(?:%(FREE|VG|LV)|([BKMGTP]?)(?:iB)?)$/i.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = "", of, unit = ""] = match;
  const add = sign === "+";
  const number = Number(digits);
  if (of !== undefined) return { add, percent: number, of: of.toUpperCase() as "FREE" | "VG" | "LV" };
  const bytes = Math.ceil(number * (units[unit.toUpperCase()] ?? 1));
  return bytes > 0 ? { add, bytes } : undefined;
}

/** What a volume can grow in. */
export interface Room {
  /** In bytes. */
  extentSize: number;
  /** In extents. */
  total: number;
  free: number;
}

/**
 * The number of extents that a volume of `current` extents is to have: as lvresize(8) counts them (rounded up), but
 * never fewer than it has, and never more of the free ones than there are for a share of them.
 */
export function targetExtents(size: VolumeSize, current: number, room: Room): number {
  const wanted = extentsOf(size, current, room);
  const target = size.add ? current + wanted : wanted;
  const most = "percent" in size && size.of === "FREE" ? current + room.free : Number.POSITIVE_INFINITY;
  return Math.max(current, Math.min(target, most));
}

function extentsOf(size: VolumeSize, current: number, room: Room): number {
  if ("bytes" in size) return Math.ceil(size.bytes / room.extentSize);
  const whole = { FREE: room.free, VG: room.total, LV: current }[size.of];
  // The product first: 20 % of 1000 must not become 201 by 0.2 being a little more than a fifth.
  return Math.ceil((size.percent * whole) / 100);
}

/** For people: `6.5 GiB`. */
export function formatBytes(bytes: number): string {
  const names = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const power = Math.min(names.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  const number = bytes / 1024 ** power;
  return `${Number.isInteger(number) ? number : number.toFixed(1)} ${names[power]}`;
}
