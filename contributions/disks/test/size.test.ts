import { describe, expect, test } from "vitest";
import { formatBytes, parseSize, targetExtents, type VolumeSize } from "../kanod/storage/size.ts";

const GiB = 2 ** 30;

test.each<[string, VolumeSize]>([
  ["10G", { add: false, bytes: 10 * GiB }],
  ["10g", { add: false, bytes: 10 * GiB }],
  ["10GiB", { add: false, bytes: 10 * GiB }],
  ["+1.5T", { add: true, bytes: 1.5 * 1024 * GiB }],
  ["700", { add: false, bytes: 700 * 2 ** 20 }],
  ["512B", { add: false, bytes: 512 }],
  ["+20%FREE", { add: true, percent: 20, of: "FREE" }],
  ["50%vg", { add: false, percent: 50, of: "VG" }],
  ["130%LV", { add: false, percent: 130, of: "LV" }],
])("%s is understood", (text, size) => {
  expect(parseSize(text)).toEqual(size);
});

test.each(["", "G", "-5G", "10%", "10%PVS", "1e3", "10 G", "0", "0G", "10X", "+", "1,5G", "10G\n"])(
  "%j is no size",
  (text) => {
    expect(parseSize(text)).toBeUndefined();
  },
);

describe("extents, as lvresize of LVM 2.03.16 counts them", () => {
  const room = { extentSize: 4 * 2 ** 20, total: 1023, free: 822 };

  // A volume of 125 extents in that group; what `lvresize --test -f` says it would become.
  test.each([
    ["+33%FREE", 397],
    ["33%FREE", 272],
    ["100%FREE", 822],
    ["+100%FREE", 947],
    ["50%VG", 512],
    ["+7%VG", 197],
    ["+13%LV", 142],
    ["130%LV", 163],
    ["1G", 256],
    ["+1", 126],
    ["700", 175],
    ["1.5g", 384],
    ["+0.3G", 202],
    ["513M", 129],
  ])("%s", (text, extents) => {
    expect(targetExtents(parseSize(text) as VolumeSize, 125, room)).toBe(extents);
  });

  test("but a volume never shrinks", () => {
    expect(targetExtents(parseSize("1M") as VolumeSize, 125, room)).toBe(125);
    expect(targetExtents(parseSize("5%FREE") as VolumeSize, 125, room)).toBe(125);
  });

  test("and a share of the free space is never more than that", () => {
    expect(targetExtents(parseSize("200%FREE") as VolumeSize, 125, room)).toBe(947);
    expect(targetExtents(parseSize("+200%FREE") as VolumeSize, 125, room)).toBe(947);
  });

  test("rounding knows no error of floating point", () => {
    expect(targetExtents(parseSize("+20%FREE") as VolumeSize, 0, { ...room, free: 1000 })).toBe(200);
  });
});

test.each([
  [0, "0 bytes"],
  [1023, "1023 bytes"],
  [1024, "1 KiB"],
  [1.5 * GiB, "1.5 GiB"],
  [3 * 2 ** 50, "3 PiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
