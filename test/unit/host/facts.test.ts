import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createHost } from "../../../src/host/create-host.ts";
import { askForHardware, hardwareArgument } from "../../../src/host/facts/ask-for-hardware.ts";
import type { Hardware } from "../../../src/host/facts/hardware.ts";
import { describeInterfaces, readInterfaces } from "../../../src/host/facts/interfaces.ts";
import { readFacts } from "../../../src/host/facts/read-facts.ts";
import { type RecordingOptions, recordingHost } from "../../../src/host/recording-host.ts";
import { keptLog, temporaryFolder } from "../../support/host.ts";

const disk = { type: "disk", vendor: null, model: null, serial: null, wwn: null, tran: null, rota: null };

/** A server with two ports in a bond. */
function server(more: RecordingOptions["files"] = {}, disks: object[] = []) {
  const port = (name: string, permanent: string) => ({
    [`/sys/class/net/${name}/device`]: { directory: true } as const,
    [`/sys/class/net/${name}/device/driver`]: { link: "../../../../bus/pci/drivers/ice" },
    [`/sys/class/net/${name}/address`]: "52:54:00:00:00:AA\n",
    [`/sys/class/net/${name}/operstate`]: "up\n",
    [`/sys/class/net/${name}/speed`]: "25000\n",
    [`/sys/class/net/${name}/bonding_slave/perm_hwaddr`]: `${permanent}\n`,
  });
  return recordingHost({
    files: {
      "/sys/class/dmi/id/sys_vendor": "Dell Inc.\n",
      "/sys/class/dmi/id/product_name": "PowerEdge R650\n",
      "/sys/class/dmi/id/product_uuid": "4C4C4544-0042\n",
      "/sys/class/dmi/id/bios_version": "To Be Filled By O.E.M.\n",
      "/sys/class/dmi/id/bios_date": "03/21/2026\n",
      "/proc/sys/kernel/osrelease": "6.12.0\n",
      "/proc/cpuinfo": "processor\t: 0\nmodel name\t: Xeon\n\nprocessor\t: 1\nmodel name\t: Xeon\n",
      "/proc/meminfo": "MemTotal:       16384 kB\nMemFree: 1 kB\n",
      "/sys/class/net/lo/address": "00:00:00:00:00:00\n",
      "/sys/class/net/bond0/address": "52:54:00:00:00:aa\n",
      "/sys/class/net/bond0/operstate": "down\n",
      "/sys/class/net/bond0/speed": "-1\n",
      ...port("eno1", "52:54:00:00:00:01"),
      ...port("eno2", "52:54:00:00:00:02"),
      ...more,
    },
    commands: [
      { argv: ["uname", "-m"], stdout: "x86_64\n" },
      { argv: ["lsblk"], prefix: true, stdout: JSON.stringify({ blockdevices: disks }) },
      { argv: ["ip", "-json", "link", "show"], stdout: '[{"ifname":"eno2","permaddr":"52:54:00:00:00:F2"}]' },
    ],
  });
}

test("the kernel says what the machine is made of", async () => {
  const sda = { ...disk, path: "/dev/sda", size: "480103981056", model: "MZ7 ", serial: "S1", wwn: "0x5", rota: "0" };
  const zram = { ...disk, path: "/dev/zram0", size: 0 };
  const cdrom = { ...disk, path: "/dev/sr0", type: "rom", size: 5, rota: true };
  const facts = await readFacts(server({}, [{ ...sda, tran: "sata" }, zram, cdrom]));
  expect(facts).toMatchObject({
    system: { vendor: "Dell Inc.", model: "PowerEdge R650", uuid: "4c4c4544-0042" },
    firmware: { date: "2026-03-21" },
    processors: { architecture: "x86_64", model: "Xeon", count: 2 },
    memory: 16_777_216,
    kernel: "6.12.0",
    disks: [
      {
        path: "/dev/sda",
        size: 480_103_981_056,
        model: "MZ7",
        serial: "S1",
        wwn: "0x5",
        transport: "sata",
        rotational: false,
      },
    ],
  });
  expect(Object.keys(facts.firmware)).toEqual(["date"]);
});

test("ports of a bond have their permanent addresses", async () => {
  const interfaces = (await readInterfaces(server())) ?? [];
  expect(interfaces).toEqual([
    { name: "bond0", mac: "52:54:00:00:00:aa", state: "down", isVirtual: true },
    { name: "eno1", mac: "52:54:00:00:00:01", driver: "ice", state: "up", speed: 25_000, isVirtual: false },
    { name: "eno2", mac: "52:54:00:00:00:f2", driver: "ice", state: "up", speed: 25_000, isVirtual: false },
  ]);
  expect(describeInterfaces(interfaces)).toContain("eno1 (52:54:00:00:00:01, driver ice, up)");
  expect(await readInterfaces(recordingHost())).toBeUndefined();
});

test("systeminformation fills in what the kernel does not tell, and decides nothing else", async () => {
  const hardware = {
    system: { manufacturer: "Other", model: "Other", serial: "SN-1", uuid: "OTHER" },
    bios: { vendor: "AMI", version: "-", releaseDate: "2020-01-01" },
    cpu: { manufacturer: "Intel", brand: "Other", physicalCores: 1, processors: 1, cores: 64 },
    disks: [{ device: "/dev/sda", name: "Named", vendor: "Maker", serialNum: "OTHER" }],
  } as unknown as Hardware;
  const facts = await readFacts(server({}, [{ ...disk, path: "/dev/sda", size: 5, serial: "S1" }]), hardware);
  expect(facts).toMatchObject({
    system: { vendor: "Dell Inc.", model: "PowerEdge R650", serial: "SN-1", uuid: "4c4c4544-0042" },
    firmware: { vendor: "AMI", date: "2026-03-21" },
    processors: { model: "Xeon", count: 2, cores: 1, sockets: 1 },
    disks: [{ path: "/dev/sda", size: 5, serial: "S1", model: "Named", vendor: "Maker" }],
  });
});

test("of this very machine, with the program that asks systeminformation", async () => {
  const program = [process.execPath, new URL("../../../src/cli/main.ts", import.meta.url).pathname];
  const host = createHost({ log: keptLog().log, ownProgram: program });
  const facts = await host.facts();
  expect(facts?.processors.count).toBeGreaterThan(0);
  expect(facts?.memory).toBeGreaterThan(2 ** 20);
});

test("a target tree has none, and a recording host those that it was given", async () => {
  expect(await createHost({ root: temporaryFolder(), log: keptLog().log }).facts()).toBeUndefined();
  expect(await recordingHost().facts()).toBeUndefined();
  const facts = { system: {}, firmware: {}, processors: {}, disks: [], interfaces: [] };
  expect(await recordingHost({ facts }).facts()).toEqual(facts);
});

test("the child gets a fixed path and locale, and what it says is taken only if it is JSON", async () => {
  const host = createHost({ log: keptLog().log, environment: { PATH: "/elsewhere", LC_ALL: "de_DE.UTF-8" } });
  const folder = temporaryFolder();
  const program = (text: string): string[] => {
    writeFileSync(join(folder, "program.cjs"), text);
    return [process.execPath, join(folder, "program.cjs")];
  };
  const said = program(`const { PATH, LC_ALL } = process.env;
console.log(JSON.stringify({ system: { argument: process.argv[2], PATH, LC_ALL } }));`);
  expect(await askForHardware(host, said)).toEqual({
    system: { argument: hardwareArgument, PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
  });
  expect(await askForHardware(host, program("console.log('no JSON')"))).toEqual({});
  expect(await askForHardware(host, program("process.exit(1)"))).toEqual({});
  expect(await askForHardware(host, ["/nowhere"])).toEqual({});
});

test("a child that hangs is ended", async () => {
  const asked: (number | undefined)[] = [];
  const host = recordingHost();
  const query: typeof host.query = async (argv, options) => {
    asked.push(options?.timeout);
    return createHost({ log: keptLog().log }).query(argv, { ...options, timeout: 0.5 });
  };
  const patient = Object.assign(Object.create(host), { query });
  const hangs = [process.execPath, "-e", "setInterval(() => {}, 1000)"];
  const begin = performance.now();
  expect(await askForHardware(patient, hangs)).toEqual({});
  expect(performance.now() - begin).toBeLessThan(15_000);
  expect(asked).toEqual([20]);
});
