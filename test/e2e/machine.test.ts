/** Disk images that kanod-image-builder built, started in virtual machines: from the boot loader to the greeting. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { isApplied, parseCommandLine } from "../../contributions/kernel-parameters/kanod/kernel/command-line.ts";
import { programFile, runProgram } from "../support/compiled-agent.ts";
import { hasCorpus } from "../support/corpus.ts";
import { dibObstacle } from "../support/dib.ts";
import { builtImage, type Recipe } from "../support/images.ts";
import { configDrive, kubeadmUserData, metal3Workers } from "../support/metal3.ts";
import { type Machine, machineMac, qemuObstacle, startMachine } from "../support/qemu.ts";

const obstacle = dibObstacle() ?? qemuObstacle();
const GiB = 2 ** 30;
/** Without hardware support, and with others on the machine, a boot may take that long, in seconds. */
const timeout = 1500;

beforeEach(({ skip }) => {
  if (obstacle !== undefined && !process.env["CI"]) skip(obstacle);
});

interface MachineWishes {
  recipe: Recipe;
  firmware: "bios" | "efi";
  /** Writes a seed into a folder, and gives its path. */
  seed: (folder: string) => string;
}

const wishes: MachineWishes[] = [];
const machines: Machine[] = [];
let seeds = "";

/** A machine for the tests of a `describe`. */
function machineFor(wish: MachineWishes): () => Machine {
  const index = wishes.push(wish) - 1;
  return () => {
    const machine = machines[index];
    if (machine === undefined) throw new Error("the machine was not started");
    return machine;
  };
}

/** So many machines start at the same time: each waits for much of the time that it takes, but not for all of it. */
const startingAtOnce = 2;

beforeAll(
  async () => {
    if (obstacle !== undefined && !process.env["CI"]) return;
    const images = wishes.map(({ recipe }) => builtImage(recipe).path("qcow2"));
    seeds = mkdtempSync(join(tmpdir(), "kanod-seeds-"));
    const waiting = [...wishes.entries()];
    const startOne = async (index: number, { firmware, seed }: MachineWishes): Promise<void> => {
      const own = join(seeds, String(index));
      mkdirSync(own);
      const disk = { image: images[index] ?? "", size: "8G" };
      const machine = await startMachine({ disk, seed: seed(own), firmware });
      machines[index] = machine;
      await settle(machine);
    };
    const startAll = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await startOne(...next);
    };
    await Promise.all(Array.from({ length: startingAtOnce }, startAll));
  },
  3 * timeout * 1000,
);

afterAll(async () => {
  await Promise.all(machines.map((machine) => machine.powerOff()));
  if (seeds !== "") rmSync(seeds, { recursive: true });
});

/** Waits until cloud-init and the agent are done, and the reboot for the kernel's parameters lies behind them. */
async function settle(machine: Machine): Promise<void> {
  const isOver = "kanod-configure status > /dev/null; [ $? -ne 5 ]";
  await machine.waitUntil(`[ -e /run/cloud-init/result.json ] && { ${isOver}; }`, timeout);
}

/** A medium that `user-data` makes of a configuration. */
function seedMedium(folder: string, format: "nocloud-iso" | "configdrive-iso", configuration: object): string {
  const [file, medium] = [join(folder, "machine.yaml"), join(folder, "seed.iso")];
  writeFileSync(file, stringify(configuration));
  const schema = builtImage("trixie").beside("-schema.yaml");
  const argv = ["user-data", "--config", file, "--schema", schema, "--format", format, "-o", medium];
  const { exitCode, err } = runProgram(process.execPath, [programFile, ...argv]);
  if (exitCode !== 0) throw new Error(err);
  return medium;
}

async function text(machine: Machine, script: string): Promise<string> {
  return (await machine.run(script)).output;
}

async function size(machine: Machine, path: string): Promise<number> {
  return Number(await text(machine, `df --block-size=1 --output=size ${path} | tail -n 1`));
}

/** Each with characters that mean something to the shell, to GRUB's script language or to the kernel. */
const parameters = [
  "kanod.plain=1",
  'kanod.space="x y; z"',
  "kanod.dollar=64K$0x18690000",
  "kanod.command=$(reboot)`id`",
  "kanod.glob=a*b?[c]{d}",
  "kanod.pipe=a|b&c<d>e",
  "kanod.hash=#1!~^",
];
const kernel = { add: parameters, remove: ["console=tty0"] };

async function hasParameters(machine: Machine): Promise<boolean> {
  const running = parseCommandLine(await text(machine, "cat /proc/cmdline"));
  return isApplied(running, {
    add: kernel.add.flatMap(parseCommandLine),
    remove: kernel.remove.flatMap(parseCommandLine),
  });
}

const network = { version: 2, ethernets: { nic: { match: { macaddress: machineMac }, dhcp4: true } } };

describe("a machine with a NoCloud seed", () => {
  const greeting = "Hello from the disk";
  const configuration = { name: "node1", greeting, facts: { site: "north" }, network, boot: { kernel } };
  const machine = machineFor({
    recipe: "trixie",
    firmware: "bios",
    seed: (folder) => seedMedium(folder, "nocloud-iso", configuration),
  });

  test("configured itself, and cloud-init agrees", async () => {
    const cloudInit = JSON.parse(await text(machine(), "cloud-init status --wait --format json"));
    expect(cloudInit).toMatchObject({ status: "done", errors: [] });
    const agent = JSON.parse(await text(machine(), "kanod-configure status --format json"));
    expect(agent).toMatchObject({ status: "done" });
    expect(await text(machine(), "hostname; cat /etc/facts.yaml")).toBe("node1\nsite: north\n");
    expect(await text(machine(), "systemctl --failed --no-legend --plain")).toBe("");
  });

  test("was started again once, and has its kernel parameters since, as they were written", async () => {
    expect(await hasParameters(machine())).toBe(true);
    expect(await text(machine(), "cat /var/lib/boots")).toBe("boot\nboot\n");
    expect(await text(machine(), "cat /var/lib/first-boots")).toBe("boot\n");
  });

  test("fills its disk", async () => {
    expect(await size(machine(), "/")).toBeGreaterThan(7 * GiB);
  });

  test("is in the network that DHCP gave it", async () => {
    expect(await text(machine(), "ip -brief -4 address show scope global")).toMatch(/ UP +10\.0\.2\.\d+\//);
  });

  test("greets on the console", async () => {
    await machine().waitFor(/Hello from the disk - node1 ttyS0/, 60);
  });

  test("a second run finds nothing to do, and says so", async () => {
    const said = await text(machine(), `kanod-bootcmd 2>&1 <<'EOF'\n${JSON.stringify({ kernel })}\nEOF`);
    expect(said).toContain("Disks: nothing to grow or to create");
    expect(said).toContain("Kernel parameters: in effect already");
  });

  test("a further disk gets partitions, which are mounted by their names", async () => {
    await machine().run("truncate --size 800M /var/lib/disk; losetup /dev/loop7 /var/lib/disk");
    const partitions = [
      { device: "/dev/loop7", name: "data", size: "300M", filesystem: "ext4" },
      { device: "/dev/loop7", name: "swap", size: "100M", filesystem: "swap" },
      { device: "/dev/loop7", name: "rest", filesystem: "ext4" },
    ];
    const mounts = [
      ["PARTLABEL=rest", "/data/rest"],
      ["LABEL=data", "/data"],
      ["PARTLABEL=swap", "none", "swap"],
    ];
    const boot = (input: object) =>
      text(machine(), `kanod-bootcmd 2>&1 <<'EOF' || true\n${JSON.stringify(input)}\nEOF`);
    expect(await boot({ kernel, partitions })).toMatch(/partition rest of .* created[\s\S]*ext4 made on/);
    expect(await boot({ kernel, partitions })).toContain("nothing to grow or to create");
    const configuration = JSON.stringify({ name: "node1", network, mounts });
    const run = `kanod-runcmd --config - 2>&1 <<'EOF'\n${configuration}\nEOF`;
    expect(await text(machine(), run)).toContain("PARTLABEL=rest mounted on /data/rest");
    expect(await text(machine(), run)).toContain("Mounts: nothing changed");
    const mounted = await text(machine(), "findmnt --noheadings --output TARGET,FSTYPE --raw | grep ^/data");
    expect(mounted.trim().split("\n").toSorted()).toEqual(["/data ext4", "/data/rest ext4"]);
    expect(await text(machine(), "swapon --show=NAME --noheadings")).toBe("/dev/loop7p2\n");
    expect(await boot({ kernel, partitions: [{ device: "/dev/loop7", filesystem: "ext4" }] })).toContain(
      "[disk-not-empty]",
    );
  });

  test("says on the console when a run fails, and what to do", async () => {
    const failing = { name: "node1", network_checks: [{ tcp: "127.0.0.1:1", tries: 1, timeout: 1 }] };
    await machine().run(`cat > /root/failing.yaml <<'EOF'\n${stringify({ ...failing, network })}EOF`);
    const { exitCode } = await machine().run("kanod-runcmd --config /root/failing.yaml > /root/output 2>&1", {
      anyExitCode: true,
    });
    expect(exitCode).toBe(1);
    await machine().waitFor(/"Network" FAILED[\s\S]*kanod-configure status/, 60);
    expect(await text(machine(), "kanod-configure status; true")).toContain("failed");
  });

  test("does its boot part in each boot, its run part never again, and never restarts for the parameters again", async () => {
    // Each kanod-bootcmd adds a line, those that the tests above called themselves, too.
    await machine().run("echo boot > /var/lib/boots; echo before > /run/before; systemctl reboot || true", {
      anyExitCode: true,
    });
    await machine().waitUntil("[ ! -e /run/before ] && [ -e /run/cloud-init/result.json ]", timeout);
    expect(await text(machine(), "cat /var/lib/boots")).toBe("boot\nboot\n");
    expect(await text(machine(), "cat /var/lib/first-boots")).toBe("boot\n");
    expect(await hasParameters(machine())).toBe(true);
  });
});

describe.skipIf(!hasCorpus)("a machine of Metal3, with EFI and LVM (skipped where the corpus is missing)", () => {
  const seed = (folder: string): string => {
    // A file of the manifest bridges this interface: netplan wants to know it, though this machine has none of the name.
    const withBridged = { ...network, ethernets: { ...network.ethernets, enp1s0: { optional: true } } };
    const workers = metal3Workers({ CLUSTER_PROVISIONING_INTERFACE: "ironicendpoint", REGISTRY: "192.0.2.5:5000" });
    const boot = stringify({
      lvm: [
        { name: "lv_root", size: "+50%FREE" },
        { name: "lv_var", size: "+100%FREE" },
      ],
      kernel: { add: ["kanod.test=metal3"] },
    });
    const spec = {
      ...workers,
      files: [
        ...(workers.files ?? []),
        {
          path: "/etc/kanod-configure/configuration.yaml",
          owner: "root:root",
          permissions: "0600",
          content: stringify({ name: "{{ ds.meta_data.name }}", greeting: "Hello from Metal3", network: withBridged }),
        },
        // The image has no Kubernetes: this shows that the commands behind ours ran.
        {
          path: "/usr/local/bin/kubeadm",
          permissions: "0755",
          content: '#!/bin/sh\necho "$@" > /run/kubeadm-called\n',
        },
      ],
      bootCommands: [`kanod-bootcmd <<'EOF'\n${boot}EOF\n`],
      preKubeadmCommands: ["kanod-runcmd", ...(workers.preKubeadmCommands ?? [])],
    };
    const metaData = {
      uuid: "c4ca4238-a0b9-4382-8dcc-509a6f75849b",
      name: "worker-7",
      "local-hostname": "worker-7",
      provisioningIP: "172.22.0.17",
      provisioningCIDR: "24",
    };
    return configDrive(folder, { userData: kubeadmUserData(spec), metaData });
  };
  const machine = machineFor({ recipe: "trixie-lvm", firmware: "efi", seed });

  test("read its config drive", async () => {
    const { datasource } = JSON.parse(await text(machine(), "cloud-init status --format json"));
    expect(datasource).toBe("configdrive");
    expect(await text(machine(), "cat /run/kubeadm-called")).toContain("join --config");
  });

  test("configured itself with the metadata of its host", async () => {
    expect(JSON.parse(await text(machine(), "kanod-configure status --format json"))).toMatchObject({ status: "done" });
    expect(await text(machine(), "hostname")).toBe("worker-7\n");
    await machine().waitFor(/Hello from Metal3 - worker-7 ttyS0/, 60);
  });

  test("was started again once, for its kernel parameter", async () => {
    expect(await text(machine(), "cat /proc/cmdline")).toContain(" kanod.test=metal3");
    expect(await text(machine(), "cat /var/lib/boots")).toBe("boot\nboot\n");
    expect(await text(machine(), "cat /var/lib/first-boots")).toBe("boot\n");
  });

  test("runs from logical volumes, which have grown to the disk", async () => {
    expect(await size(machine(), "/")).toBeGreaterThan(3.5 * GiB);
    expect(await size(machine(), "/var")).toBeGreaterThan(3 * GiB);
    expect(await text(machine(), "vgs --noheadings --units b --nosuffix --options vg_free 2> /dev/null")).toMatch(
      /^ *0\n/,
    );
    for (const path of ["/", "/var", "/home", "/tmp", "/var/log"]) {
      expect(await text(machine(), `findmnt --noheadings --output SOURCE ${path}`)).toContain("/dev/mapper/vg-lv_");
    }
  });
});

describe("a machine with a config drive that user-data makes", () => {
  const configuration = { name: "node2", greeting: "Hello from the drive", facts: { site: "south" }, network };
  const machine = machineFor({
    recipe: "trixie",
    firmware: "bios",
    seed: (folder) => seedMedium(folder, "configdrive-iso", configuration),
  });

  test("read it, and configured itself", async () => {
    const cloudInit = JSON.parse(await text(machine(), "cloud-init status --format json"));
    expect(cloudInit).toMatchObject({ status: "done", datasource: "configdrive", errors: [] });
    expect(JSON.parse(await text(machine(), "kanod-configure status --format json"))).toMatchObject({ status: "done" });
    expect(await text(machine(), "hostname; cat /etc/facts.yaml")).toBe("node2\nsite: south\n");
    await machine().waitFor(/Hello from the drive - node2 ttyS0/, 60);
  });
});
