/** A live system of the image that the disks of the other tests come from, on each medium and with each firmware. */
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { dibObstacle } from "../support/dib.ts";
import { builtImage } from "../support/images.ts";
import { type Machine, qemuObstacle, startMachine } from "../support/qemu.ts";

const obstacle = dibObstacle() ?? qemuObstacle();
/** Without hardware support, and with others on the machine, a boot may take that long, in seconds. */
const timeout = 1500;

beforeEach(({ skip }) => {
  if (obstacle !== undefined && !process.env["CI"]) skip(obstacle);
});

describe.each([
  { medium: "cd", firmware: "bios" },
  { medium: "usb", firmware: "efi" },
] as const)("a machine without a disk, started by $firmware from $medium", (how) => {
  let machine: Machine;

  beforeAll(
    async () => {
      if (obstacle !== undefined && !process.env["CI"]) return;
      machine = await startMachine({
        live: { iso: builtImage("trixie").path("iso"), medium: how.medium },
        firmware: how.firmware,
      });
      const isOver = "kanod-configure status > /dev/null; [ $? -ne 5 ]";
      await machine.waitUntil(`[ -e /run/cloud-init/result.json ] && { ${isOver}; }`, timeout);
    },
    2 * timeout * 1000,
  );

  afterAll(() => machine?.powerOff());

  async function text(script: string): Promise<string> {
    return (await machine.run(script)).output;
  }

  test("configured itself with the seed of the medium", async () => {
    const cloudInit = JSON.parse(await text("cloud-init status --wait --format json"));
    expect(cloudInit).toMatchObject({ status: "done", datasource: "nocloud", errors: [], recoverable_errors: {} });
    expect(JSON.parse(await text("kanod-configure status --format json"))).toMatchObject({ status: "done" });
    expect(await text("hostname; cat /etc/facts.yaml")).toBe("live-1\nsite: live\n");
    await machine.waitFor(/Hello from the medium - live-1 ttyS0/, 60);
  });

  test("is in the network that the medium describes", async () => {
    expect(await text("ip -brief -4 address show scope global")).toMatch(/ UP +10\.0\.2\.\d+\//);
  });

  test("started as its firmware does, runs from the medium and memory alone, and no unit failed", async () => {
    expect(await text("test -e /sys/firmware/efi && echo efi || echo bios")).toBe(`${how.firmware}\n`);
    expect(await text("findmnt --noheadings --output FSTYPE /")).toBe("overlay\n");
    const disks = await text("lsblk --noheadings --nodeps --output TYPE,TRAN --exclude 7");
    expect(disks.trim().split(/\s+/)).toEqual(how.medium === "cd" ? ["rom", "ata"] : ["disk", "usb"]);
    expect(await text("systemctl --failed --no-legend --plain")).toBe("");
  });

  test("shows the seed to root alone", async () => {
    const read = "find /run/live/medium /var/lib/cloud/seed -type f -exec setpriv --reuid=65534 cat {} + 2> /dev/null";
    expect(await text(`${read} | grep -a -c 'Hello from the medium' || true`)).toBe("0\n");
    expect(await text("find /run/live/medium -name '*.squashfs' | wc -l")).toBe("2\n");
  });
});

test("the metadata and hashes beside the image have all outputs, as Airship's document and ours name them", () => {
  const image = builtImage("trixie");
  const metadata = parse(image.readText("-metadata.yaml"));
  const formats = metadata.images.map(({ format, fileName }: Record<string, string>) => [format, fileName]);
  expect(formats).toEqual(["tar", "iso", "qcow2"].map((format) => [format, `trixie.${format}`]));
  const [, iso] = metadata.images;
  expect(iso.bytes).toBe(statSync(image.path("iso")).size);
  execFileSync("sha256sum", ["--check", "--quiet", "trixie.sha256"], { cwd: image.folder });
  expect(JSON.parse(readFileSync(image.beside("-manifest.json"), "utf8")).elements).toContain("kanod-live");
});
