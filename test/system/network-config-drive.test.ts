import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { compiledAgent } from "../support/compiled-agent.ts";
import { configuredGuestObstacle } from "../support/configured-guest.ts";
import { corpusFiles } from "../support/corpus.ts";
import { cloneRootfs, debianRootfs } from "../support/debian-rootfs.ts";
import { labObstacle, networkLab } from "../support/network-lab.ts";
import { bootGuest, type Guest } from "../support/nspawn.ts";
import { describeWith } from "../support/requirements.ts";

const element = fileURLToPath(new URL("../../contributions/network", import.meta.url));
const mac = "52:54:00:00:00:77";
/** The link of the sample file has a multicast address, which no interface can have. */
const sampleMac = "11:22:33:44:55:66";

const configuration = {
  name: "node",
  network: { version: 2, ethernets: { eth0: { addresses: ["192.0.2.10/24"] } } },
  network_checks: [{ tcp: "192.0.2.1:53", tries: 10, interval: 0.5, timeout: 2 }],
};

/** cloud-init looks for its interfaces once: the cable has to be plugged in by then. */
const waitForCable = `[Unit]
DefaultDependencies=no
Before=cloud-init-main.service cloud-init-local.service

[Service]
Type=oneshot
ExecStart=/bin/sh -c "until test -e /sys/class/net/eth0; do sleep 0.05; done"

[Install]
WantedBy=sysinit.target
`;

async function prepare(root: string, networkData: string): Promise<void> {
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), text);
  };
  const enable = async (unit: string, target: string): Promise<void> => {
    const folder = join(root, `etc/systemd/system/${target}.wants`);
    await mkdir(folder, { recursive: true });
    await symlink(unit, join(folder, unit.replace(/^.*\//, "")));
  };
  const drive = "var/lib/cloud/seed/config_drive/openstack/latest";
  const hasAddress = "timeout 30 sh -c 'until ip -4 address show dev eth0 | grep -q inet; do sleep 0.2; done'";
  const record = `${hasAddress}; ip -j address > /run/first-addresses`;
  const commands = [["sh", "-c", record], ["/opt/kanod/kanod-runcmd"]];
  await write(`${drive}/meta_data.json`, JSON.stringify({ uuid: "i-1", hostname: "node" }));
  await write(`${drive}/network_data.json`, networkData);
  await write(`${drive}/user_data`, `#cloud-config\n${JSON.stringify({ runcmd: commands })}\n`);
  await write("etc/kanod-configure/configuration.yaml", JSON.stringify(configuration));
  await write("etc/systemd/system/wait-for-cable.service", waitForCable);
  await enable("/etc/systemd/system/wait-for-cable.service", "sysinit.target");
  await enable("/usr/lib/systemd/system/systemd-networkd.service", "multi-user.target");
}

type Addresses = { ifname: string; addr_info: { local: string; prefixlen: number }[] }[];

function addressesOf(links: Addresses, name: string): string[] {
  const all = links.find(({ ifname }) => ifname === name)?.addr_info ?? [];
  return all.map(({ local, prefixlen }) => `${local}/${prefixlen}`).filter((address) => !address.startsWith("fe80:"));
}

const [sample] = corpusFiles("metal3/network_data-dhcp.json");
const obstacle = configuredGuestObstacle() ?? labObstacle() ?? (sample === undefined ? "needs the corpus" : undefined);

describeWith(obstacle)("a machine that Metal3 has given network_data.json", () => {
  let guest: Guest;

  beforeAll(async () => {
    const lab = await networkLab();
    const rootfs = await debianRootfs({ release: "trixie", packages: ["cloud-init", "systemd-resolved"] });
    const clone = await cloneRootfs(rootfs);
    await prepare(clone.path, (sample?.text ?? "").replace(sampleMac, mac));
    const agent = compiledAgent([element], ["--runtime", "system"]);
    guest = await bootGuest(clone.path, {
      nspawnArguments: [`--bind-ro=${agent}:/opt/kanod`, `--bind-ro=${process.execPath}:/usr/local/bin/node`],
      timeout: 180,
      onLeader: async (leader) => {
        await lab.plug({ leader }, { lab: "lan0", guest: "eth0", mac, addresses: ["192.168.77.1/24", "192.0.2.1/24"] });
        const lease = ["--dhcp-range=192.168.77.100,192.168.77.150,1h", "--dhcp-leasefile=/dev/null"];
        const where = ["--interface=lan0", "--bind-interfaces", "--conf-file=/dev/null", "--pid-file=", "--no-resolv"];
        lab.start(["dnsmasq", "--keep-in-foreground", "--user=root", ...where, ...lease]);
      },
    });
    await guest.run(["cloud-init", "status", "--wait"], { anyExitCode: true, timeout: 180 });
    return async () => {
      await guest.powerOff();
      await clone.remove();
      await rm(dirname(agent), { recursive: true });
      await lab[Symbol.asyncDispose]();
    };
  });

  test("has its first network from cloud-init, and then the one of the configuration", async () => {
    const read = async (...argv: string[]): Promise<string> => (await guest.run(argv)).stdout;
    const first = JSON.parse(await read("cat", "/run/first-addresses")) as Addresses;
    expect(addressesOf(first, "eth0")).toEqual([expect.stringMatching(/^192\.168\.77\.1\d\d\/24$/)]);

    const now = JSON.parse(await read("ip", "-j", "address")) as Addresses;
    expect(addressesOf(now, "eth0")).toEqual(["192.0.2.10/24"]);
    expect(await read("cat", "/etc/kanod-configure/status")).toBe("0");
    const files = (await read("ls", "/etc/systemd/network")).trim().split("\n");
    expect(files).toEqual(["10-cloud-init-eth0.network"]);
    expect(await read("cat", "/etc/systemd/network/10-cloud-init-eth0.network")).toContain("by kanod-configure");
  });
});
