import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { isoImage } from "../../../../src/user-data/write/iso9660.ts";

const files = {
  "openstack/latest/meta_data.json": '{"uuid":"1"}\n',
  "openstack/latest/user_data": "x".repeat(5000),
  "openstack/latest/empty": "",
  "openstack/content/0000": "0",
  readme: "at the top\n",
};

/** Reads the files of a volume descriptor (sector 16: ISO 9660, 17: Joliet) as ECMA-119 says, without our code. */
function readTree(image: Buffer, descriptor: number): Record<string, string> {
  const isJoliet = descriptor === 17;
  const found: Record<string, string> = {};
  const walk = (sector: number, size: number, path: string): void => {
    for (let at = sector * 2048; image[at] !== 0 && at < sector * 2048 + size; at += image[at] ?? 0) {
      const name = image.subarray(at + 33, at + 33 + (image[at + 32] ?? 0));
      if (name.length === 1 && (name[0] ?? 2) < 2) continue;
      const text = isJoliet ? Buffer.from(name).swap16().toString("utf16le") : name.toString("latin1");
      const [start, length] = [image.readUInt32LE(at + 2), image.readUInt32LE(at + 10)];
      expect([image.readUInt32BE(at + 6), image.readUInt32BE(at + 14)]).toEqual([start, length]);
      if ((image[at + 25] ?? 0) & 2) walk(start, length, `${path}${text}/`);
      else found[path + text] = image.subarray(start * 2048, start * 2048 + length).toString();
    }
  };
  const root = descriptor * 2048 + 156;
  walk(image.readUInt32LE(root + 2), image.readUInt32LE(root + 10), "");
  return found;
}

describe("an image", () => {
  const image = isoImage("config-2", files);

  test("has all files under their names in Joliet, and under plain ones in ISO 9660", () => {
    expect(readTree(image, 17)).toEqual(files);
    expect(Object.keys(readTree(image, 16)).sort()).toEqual([
      "OPENSTACK/CONTENT/0000.;1",
      "OPENSTACK/LATEST/EMPTY.;1",
      "OPENSTACK/LATEST/META_DATA.JSON;1",
      "OPENSTACK/LATEST/USER_DATA.;1",
      "README.;1",
    ]);
    expect(Object.values(readTree(image, 16)).sort()).toEqual(Object.values(files).sort());
  });

  test("is whole sectors, as many as it says", () => {
    expect(image.length % 2048).toBe(0);
    expect(image.readUInt32LE(16 * 2048 + 80)).toBe(image.length / 2048);
    expect(image.readUInt32BE(17 * 2048 + 84)).toBe(image.length / 2048);
  });

  test("has path tables that lead to all folders", () => {
    const table = image.subarray(image.readUInt32LE(16 * 2048 + 140) * 2048);
    const size = image.readUInt32LE(16 * 2048 + 132);
    const names: string[] = [];
    for (let at = 0; at < size; at += 8 + (table[at] ?? 0) + ((table[at] ?? 0) % 2)) {
      const parent = names[table.readUInt16LE(at + 6) - 1] ?? "";
      names.push(at === 0 ? "" : `${parent}/${table.toString("latin1", at + 8, at + 8 + (table[at] ?? 0))}`);
    }
    expect(names).toEqual(["", "/OPENSTACK", "/OPENSTACK/LATEST", "/OPENSTACK/CONTENT"]);
  });

  test("depends on nothing but its files", () => {
    const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
    expect(digest(isoImage("config-2", files))).toBe(digest(image));
    expect(digest(isoImage("cidata", files))).not.toBe(digest(image));
  });

  test("refuses more than fits into a folder", () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`file-${index}`, ""]));
    expect(() => isoImage("x", many)).toThrow("too many entries");
  });
});
