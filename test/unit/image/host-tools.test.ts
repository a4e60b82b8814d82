import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { packageFolder } from "../../../src/compile/workspace.ts";
import { elementsPath, shadowedElements } from "../../../src/image/elements-path.ts";
import { missingTools } from "../../../src/image/required-tools.ts";
import { temporaryFolder } from "../../support/cli.ts";

describe("tools that a build needs", () => {
  let folder: string;

  beforeEach(() => {
    folder = temporaryFolder();
    vi.stubEnv("PATH", folder);
    for (const tool of ["sudo", "fstrim", "losetup", "mkfs.ext4"]) {
      writeFileSync(join(folder, tool), "");
      chmodSync(join(folder, tool), 0o755);
    }
    return () => vi.unstubAllEnvs();
  });

  test.each<[readonly string[], readonly string[], readonly string[]]>([
    [["tar"], ["debian"], []],
    [["tar"], ["debian-minimal", "debootstrap"], ["debootstrap"]],
    [
      ["qcow2", "tar"],
      ["vm", "block-device-mbr"],
      ["qemu-img", "kpartx"],
    ],
    [["raw"], ["block-device-efi"], ["kpartx", "sgdisk", "mkfs.vfat"]],
    [["raw"], ["kanod-lvm", "block-device-kanod-lvm"], ["kpartx", "sgdisk", "lvcreate"]],
    [["squashfs"], ["source-repositories"], ["mksquashfs", "git"]],
  ])("for %j of %j", async (formats, elements, missing) => {
    expect((await missingTools(formats, elements)).map(({ program }) => program)).toEqual(missing);
  });

  test("a file that cannot be run is no tool, and packages are named", async () => {
    chmodSync(join(folder, "sudo"), 0o644);
    expect(await missingTools(["qcow2"], [])).toEqual([
      { program: "sudo", packages: "sudo" },
      { program: "qemu-img", packages: "qemu-utils (Fedora: qemu-img, openSUSE: qemu-tools)" },
    ]);
  });
});

describe("where elements are looked for", () => {
  test("modules first, then the caller's folders, then ours; only folders that exist", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "a/elements"), { recursive: true });
    mkdirSync(join(folder, "b"));
    const module = { options: [], variables: [], recipes: [] };
    const modules = ["b", "a"].map((name) => ({ ...module, name, folder: join(folder, name) }));
    expect(await elementsPath(modules, "/own::/other")).toEqual([
      join(folder, "a/elements"),
      "/own",
      "/other",
      join(packageFolder, "packaging/elements"),
      join(packageFolder, "contributions"),
    ]);
  });

  test("an element that several folders have is named with the folder that wins", async () => {
    const folder = temporaryFolder();
    for (const path of ["a/x", "b/x", "b/y", "c/x"]) mkdirSync(join(folder, path), { recursive: true });
    const folders = ["a", "b", "c"].map((name) => join(folder, name));
    expect(await shadowedElements(["x", "y", "z"], folders)).toEqual([
      { name: "x", used: join(folder, "a/x"), unused: [join(folder, "b/x"), join(folder, "c/x")] },
    ]);
  });
});
