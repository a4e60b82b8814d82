/** What is on a live medium, made by the host's real tools of a root file system with hardly anything in it. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeLiveIso } from "../../src/image/live-iso.ts";
import { liveSystem, type Seed } from "../../src/image/live-system.ts";
import { missingTools } from "../../src/image/required-tools.ts";
import { temporaryFolder } from "../support/cli.ts";
import { describeWith } from "../support/requirements.ts";

const missing = await missingTools([], ["kanod-live"]);
const obstacle = missing.length === 0 ? undefined : `needs ${missing.map(({ packages }) => packages).join(", ")}`;

const { signal } = new AbortController();
const seed: Seed = { userData: Buffer.from("#cloud-config\npassword: sesame\n"), networkConfig: undefined };

/** An archive as diskimage-builder makes one, of files by their paths. */
function rootArchive(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [path, text] of Object.entries({ "boot/none": "", "etc/default/none": "", ...files })) {
    mkdirSync(dirname(join(folder, "root", path)), { recursive: true });
    writeFileSync(join(folder, "root", path), text);
  }
  const archive = join(folder, "root.tar");
  execFileSync("tar", ["-C", join(folder, "root"), "-cf", archive, "."]);
  return archive;
}

const debian = {
  "boot/vmlinuz-6.1.0-9-amd64": "an older kernel",
  "boot/initrd.img-6.1.0-9-amd64": "",
  "boot/vmlinuz-6.1.0-10-amd64": "the kernel",
  "boot/initrd.img-6.1.0-10-amd64": "its RAM disk",
  "boot/vmlinuz-6.1.0-11-amd64": "a kernel without a RAM disk",
  "etc/default/grub": `GRUB_TIMEOUT=3
GRUB_CMDLINE_LINUX_DEFAULT="quiet"
GRUB_CMDLINE_LINUX_DEFAULT="console=ttyS1,9600 a=b;c boot=LABEL=boot"
`,
  "etc/fstab": "LABEL=img-rootfs / ext4 defaults 0 1\n",
};

async function medium(given: Seed | undefined, from: string = rootArchive(debian)): Promise<string> {
  const folder = temporaryFolder();
  const system = await liveSystem(from, join(folder, "system"), signal);
  const target = join(folder, "live.iso");
  await makeLiveIso({ system, seed: given, target, folder: join(folder, "iso"), signal });
  return target;
}

/** All files of a medium, in a folder. */
function unpacked(iso: string): string {
  const folder = join(dirname(iso), "unpacked");
  execFileSync("xorriso", ["-osirrox", "on", "-indev", iso, "-extract", "/", folder], { stdio: "ignore" });
  execFileSync("chmod", ["-R", "u+rwX", folder]);
  return folder;
}

describeWith(obstacle)("a live medium", () => {
  test("starts the newest kernel that has a RAM disk, as the image's own boot loader would", async () => {
    const folder = unpacked(await medium(undefined));
    const menu = readFileSync(join(folder, "boot/grub/grub.cfg"), "utf8");
    const [, name = "", parameters] = /^ {2}linux \/(\S+)\/vmlinuz (.*)$/m.exec(menu) ?? [];
    expect(parameters).toBe(`boot=live live-media-path=${name} nonetworking console=ttyS1,9600 'a=b;c'`);
    expect(menu).toContain("set timeout=3\n");
    expect(readFileSync(join(folder, name, "vmlinuz"), "utf8")).toBe("the kernel");
    expect(readFileSync(join(folder, name, "initrd.img"), "utf8")).toBe("its RAM disk");
  });

  test("has the files as they are, and over them what differs, for root alone where it is the seed", async () => {
    const folder = unpacked(await medium(seed));
    const [name = ""] = /live-[0-9a-f]{16}/.exec(readFileSync(join(folder, "boot/grub/grub.cfg"), "utf8")) ?? [];
    const squashfs = (layer: string, ...args: string[]): string =>
      execFileSync("unsquashfs", [...args.slice(0, 1), join(folder, name, layer), ...args.slice(1)], {
        encoding: "utf8",
      });
    expect(squashfs("1-root.squashfs", "-cat", "etc/fstab")).toContain("LABEL=img-rootfs");
    expect(squashfs("2-layer.squashfs", "-cat", "etc/fstab")).not.toContain("LABEL");
    expect(squashfs("2-layer.squashfs", "-cat", "var/lib/cloud/seed/nocloud/user-data")).toContain("sesame");
    const modes = squashfs("2-layer.squashfs", "-lln").match(/^[-d]\S+ \d+\/\d+|squashfs-root\S*$/gm);
    const byPath = new Map(modes?.flatMap((mode, index, all) => (index % 2 === 0 ? [[all[index + 1], mode]] : [])));
    expect(byPath.get("squashfs-root")).toBe("drwxr-xr-x 0/0");
    expect(byPath.get("squashfs-root/proc")).toBe("drwxr-xr-x 0/0");
    expect(byPath.get("squashfs-root/var/lib/cloud/seed/nocloud/user-data")).toBe("-rw------- 0/0");
  });

  test("is the same for the same files and seed, whenever and by whomever it is made", async () => {
    const archive = rootArchive(debian);
    const hash = async (given: Seed | undefined): Promise<string | undefined> =>
      execFileSync("sha256sum", [await medium(given, archive)], { encoding: "utf8" }).split(" ")[0];
    const first = await hash(seed);
    const before = process.umask(0o077);
    try {
      expect(await hash(seed)).toBe(first);
    } finally {
      process.umask(before);
    }
    expect(await hash({ ...seed, networkConfig: Buffer.from("version: 2\n") })).not.toBe(first);
  });

  test("has a loader for each firmware, and a partition table for use as a disk", async () => {
    const report = execFileSync(
      "xorriso",
      ["-indev", await medium(undefined), "-report_el_torito", "plain", "-report_system_area", "plain"],
      { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    );
    expect(report).toMatch(/^El Torito boot img : +\d +BIOS +y/m);
    expect(report).toMatch(/^El Torito boot img : +\d +UEFI +y/m);
    expect(report).toMatch(/^MBR partition +: +1 +0x80 /m);
    expect(report).toMatch(/^MBR partition +: +2 +0x00 +0xef /m);
  });
});

describe("no medium is made", () => {
  test("of a root file system without a kernel", async () => {
    await expect(medium(undefined, rootArchive({}))).rejects.toMatchObject({ code: "no-kernel" });
  });

  test("of what is no archive, and the program's words are told", async () => {
    const broken = join(temporaryFolder(), "root.tar");
    writeFileSync(broken, "no archive");
    await expect(medium(undefined, broken)).rejects.toMatchObject({
      code: "output-failed",
      message: expect.stringContaining("tar failed: "),
    });
  });
});
