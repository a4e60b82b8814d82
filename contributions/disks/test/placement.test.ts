import fc from "fast-check";
import { expect, test } from "vitest";
import { emptyTable, placePartitions } from "../kanod/storage/placement.ts";

const MiB = 2 ** 20;

test("partitions follow each other at multiples of 1 MiB", () => {
  const table = emptyTable(100 * MiB, 512);
  const requests = [
    { name: "a", size: "10M" },
    { name: "b", size: "50%FREE" },
    { name: "c", size: undefined },
  ];
  expect(placePartitions("/dev/vdb", table, requests)).toEqual([
    { name: "a", start: 2048, size: 10 * 2048 },
    { name: "b", start: 11 * 2048, size: 44 * 2048 },
    { name: "c", start: 55 * 2048, size: 44 * 2048 },
  ]);
});

test("a disk with sectors of 4 KiB counts in those", () => {
  const [placement] = placePartitions("d", emptyTable(100 * MiB, 4096), [{ name: "a", size: undefined }]);
  expect(placement).toEqual({ name: "a", start: 256, size: 98 * 256 });
});

test("new ones come behind those that there are", () => {
  const partitions = [{ node: "/dev/vdb1", start: 2048, size: 5000, name: "old", uuid: undefined }];
  const [placement] = placePartitions("d", { ...emptyTable(100 * MiB, 512), partitions }, [{ name: "a", size: "1M" }]);
  expect(placement).toEqual({ name: "a", start: 4 * 2048, size: 2048 });
});

test.each([["200M"], ["99M"]])("%s does not fit on 100 MiB", (size) => {
  expect(() => placePartitions("/dev/vdb", emptyTable(100 * MiB, 512), [{ name: "a", size }])).toThrow(
    expect.objectContaining({ code: "does-not-fit", message: expect.stringContaining("/dev/vdb has 98 MiB left") }),
  );
});

test("nor does anything behind one that takes all", () => {
  const requests = [
    { name: "a", size: undefined },
    { name: "b", size: undefined },
  ];
  expect(() => placePartitions("d", emptyTable(100 * MiB, 512), requests)).toThrow("0 bytes left");
});

test("whatever is asked for stays within the disk and apart", () => {
  const size = fc.oneof(
    fc.integer({ min: 1, max: 100 }).map((percent) => `${percent}%FREE`),
    fc.integer({ min: 1, max: 2000 }).map((mebibytes) => `${mebibytes}M`),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 3, max: 100_000 }),
      fc.constantFrom(512, 4096),
      fc.array(size),
      (disk, sector, sizes) => {
        const table = emptyTable(disk * MiB, sector);
        let end = table.first ?? 0;
        try {
          for (const { start, size: sectors } of placePartitions(
            "d",
            table,
            sizes.map((its) => ({ name: "x", size: its })),
          )) {
            expect(start).toBe(end);
            end = start + sectors;
          }
        } catch (error) {
          expect(error).toMatchObject({ code: "does-not-fit" });
        }
        expect(end - 1).toBeLessThanOrEqual(table.last ?? 0);
      },
    ),
  );
});
