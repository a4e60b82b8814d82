import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { compiledAgent, runProgram } from "../support/compiled-agent.ts";
import { cloneRootfs, debianRootfs, type RootfsClone, rootfsObstacle } from "../support/debian-rootfs.ts";
import { describeWith } from "../support/requirements.ts";

const element = fileURLToPath(new URL("../../contributions/network", import.meta.url));
const network = {
  version: 2,
  ethernets: {
    eno1: { addresses: ["192.0.2.10/24"], routes: [{ to: "default", via: "192.0.2.1" }] },
    eno2: { dhcp4: true },
  },
  vlans: { storage: { id: 20, link: "eno1", addresses: ["198.51.100.10/24"] } },
};

describeWith(rootfsObstacle())("what goes through cloud-init's own converter", () => {
  let agent: string;

  beforeAll(() => {
    agent = compiledAgent([element], ["--runtime", "system"]);
  });

  function run(tree: RootfsClone, renderer: string, its: object = network): ReturnType<typeof runProgram> {
    const folder = join(tree.path, "etc/kanod-configure");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "system.yaml"), `network: {renderer: ${renderer}}\n`);
    writeFileSync(join(folder, "configuration.yaml"), JSON.stringify({ name: "node", network: its }));
    return runProgram(join(agent, "kanod-runcmd"), ["--root", tree.path]);
  }

  test("gives files for sysconfig and eni, each in place of the other's", async () => {
    await using tree = await cloneRootfs(
      await debianRootfs({ release: "trixie", packages: ["cloud-init", "netplan.io", "udev"] }),
    );
    const read = (path: string): string => readFileSync(join(tree.path, path), "utf8");
    expect(run(tree, "sysconfig")).toMatchObject({ exitCode: 0, err: "" });
    expect(read("etc/sysconfig/network-scripts/ifcfg-eno1")).toMatch(/^IPADDR=192\.0\.2\.10$/m);
    expect(read("etc/sysconfig/network-scripts/ifcfg-eno2")).toMatch(/^BOOTPROTO=dhcp$/m);
    expect(read("etc/sysconfig/network-scripts/ifcfg-storage")).toMatch(/^VLAN=yes$/m);

    expect(run(tree, "eni")).toMatchObject({ exitCode: 0, err: "" });
    const interfaces = read("etc/network/interfaces.d/50-cloud-init");
    expect(interfaces).toContain("iface eno2 inet dhcp");
    expect(interfaces).toMatch(/iface storage inet static\n(.*\n)*? {4}vlan[-_]raw[-_]device eno1/);
    expect(() => statSync(join(tree.path, "etc/sysconfig/network-scripts/ifcfg-eno1"))).toThrow();
  });

  test("is refused where it would drop a key, by the key's place", async () => {
    await using tree = await cloneRootfs(await debianRootfs({ release: "trixie" }));
    const tunnel = { version: 2, tunnels: { t: { mode: "gre", local: "192.0.2.1", remote: "192.0.2.2" } } };
    const { exitCode, err } = run(tree, "eni", tunnel);
    expect(exitCode).toBe(3);
    expect(err).toMatch(/configuration\.yaml:1:\d+: error\[unsupported-by-renderer\]: the renderer eni cannot express/);
  });

  test("needs cloud-init, and says so", async () => {
    await using tree = await cloneRootfs(await debianRootfs({ release: "trixie" }));
    const { exitCode, err } = run(tree, "eni");
    expect(exitCode).toBe(1);
    expect(err).toMatch(/\[cloud-init-missing\]/);
    expect(err).toContain("install cloud-init");
  });
});
