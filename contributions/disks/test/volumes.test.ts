import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LvmReport } from "../kanod/storage/lvm.ts";
import type { Mark } from "../kanod/storage/marks.ts";
import { defaultRequests, planVolumes, type VolumeRequest } from "../kanod/storage/volumes.ts";

const extentSize = 4 * 2 ** 20;

/** A group of `total` extents with volumes of the given numbers of extents. */
function group(total: number, volumes: Record<string, number>): LvmReport {
  const used = Object.values(volumes).reduce((sum, extents) => sum + extents, 0);
  return {
    physicalVolumes: [],
    groups: [{ name: "vg", extentSize, total, free: total - used }],
    volumes: Object.entries(volumes).map(([name, extents], index) => ({
      name,
      group: "vg",
      path: `/dev/vg/${name}`,
      majorMinor: `253:${index}`,
      size: extents * extentSize,
    })),
  };
}

const request = (name: string, size: string): VolumeRequest => ({ name, size, vg: "vg" });
const none = (): undefined => undefined;

function targets(report: LvmReport, requests: VolumeRequest[], marks: (name: string) => Mark | undefined = none) {
  return Object.fromEntries(planVolumes(report, requests, marks).map(({ volume, target }) => [volume.name, target]));
}

test("a share is one of what the requests before it have left", () => {
  const requests = [request("a", "+50%FREE"), request("b", "+50%FREE"), request("c", "+100%FREE")];
  expect(targets(group(1000, { a: 100, b: 100, c: 0 }), requests)).toEqual({ a: 500, b: 300, c: 200 });
});

describe("default shares", () => {
  test("go to the volumes that there are; the first of the last four gets the rest", () => {
    const report = group(1600, { lv_root: 100, lv_var: 200, lv_etcd: 100, lv_other: 200 });
    expect(targets(report, defaultRequests(report, "vg"))).toEqual({ lv_root: 300, lv_var: 1000, lv_etcd: 100 });
  });

  test("are none in a group that has none of them", () => {
    expect(defaultRequests(group(100, { data: 10 }), "vg")).toEqual([]);
    expect(defaultRequests(group(100, { lv_root: 10 }), "other")).toEqual([]);
  });
});

describe("refused before anything is done", () => {
  const report = group(1000, { a: 100, b: 200 });

  test.each([
    [[request("x", "10G")], "no-volume", "only a, b"],
    [[{ ...request("a", "10G"), vg: "other" }], "no-volume-group", "only vg"],
    [[request("a", "3G"), request("b", "+200M")], "does-not-fit", "+200M for volume b needs 200 MiB more"],
    [[request("a", "100%VG")], "does-not-fit", "2.7 GiB free"],
    [[request("a", "much")], "bad-size", "much"],
  ])("%j", (requests, code, message) => {
    expect(() => planVolumes(report, requests, none)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  test("an inactive volume", () => {
    const [first, ...others] = report.volumes;
    const inactive = { ...report, volumes: [{ ...first, majorMinor: undefined } as (typeof others)[0], ...others] };
    expect(() => planVolumes(inactive, [request("a", "+1G")], none)).toThrow(
      expect.objectContaining({ code: "inactive-volume" }),
    );
  });

  test("where there is no group at all", () => {
    const empty = { physicalVolumes: [], groups: [], volumes: [] };
    expect(() => planVolumes(empty, [request("a", "+1G")], none)).toThrow("none at all");
  });
});

describe("what earlier runs did", () => {
  const mark = (asked: string, within: number, target: number, done: boolean) => (): Mark => ({
    asked,
    within,
    target,
    done,
  });

  test("is not done again in a group of the same size", () => {
    const plans = planVolumes(group(1000, { a: 300 }), [request("a", "+20%FREE")], mark("+20%FREE", 1000, 300, true));
    expect(plans).toMatchObject([{ current: 300, target: 300, mark: { done: true } }]);
  });

  test("is finished when it was interrupted, and its share is not taken a second time", () => {
    const before = planVolumes(group(1000, { a: 100 }), [request("a", "+20%FREE")], mark("+20%FREE", 1000, 280, false));
    expect(before).toMatchObject([{ current: 100, target: 280, mark: { done: false } }]);
    const after = planVolumes(group(1000, { a: 280 }), [request("a", "+20%FREE")], mark("+20%FREE", 1000, 280, false));
    expect(after).toMatchObject([{ current: 280, target: 280, mark: { done: false } }]);
  });

  test("is done anew for shares when the group grew, and not for fixed additions", () => {
    const grown = group(2000, { a: 300 });
    expect(targets(grown, [request("a", "+50%FREE")], mark("+50%FREE", 1000, 300, true))).toEqual({ a: 1150 });
    expect(targets(grown, [request("a", "+400M")], mark("+400M", 1000, 300, true))).toEqual({ a: 300 });
  });

  test("does not count for another size", () => {
    expect(targets(group(1000, { a: 300 }), [request("a", "+400M")], mark("+200M", 1000, 300, true))).toEqual({
      a: 400,
    });
  });
});

test("plans never shrink a volume and never take more than there is", () => {
  const size = fc.oneof(
    fc.integer({ min: 1, max: 200 }).map((percent) => `+${percent}%FREE`),
    fc.integer({ min: 1, max: 100 }).map((percent) => `${percent}%VG`),
    fc.integer({ min: 1, max: 4000 }).map((mebibytes) => `${mebibytes}M`),
  );
  fc.assert(
    fc.property(fc.nat(500), fc.nat(500), fc.nat(500), size, size, (a, b, spare, sizeOfA, sizeOfB) => {
      const report = group(a + b + spare, { a, b });
      let planned: Record<string, number>;
      try {
        planned = targets(report, [request("a", sizeOfA), request("b", sizeOfB)]);
      } catch (error) {
        expect(error).toMatchObject({ code: "does-not-fit" });
        return;
      }
      expect(planned["a"]).toBeGreaterThanOrEqual(a);
      expect(planned["b"]).toBeGreaterThanOrEqual(b);
      expect((planned["a"] ?? 0) + (planned["b"] ?? 0)).toBeLessThanOrEqual(a + b + spare);
    }),
  );
});
