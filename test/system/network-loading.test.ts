import { beforeAll, expect, test } from "vitest";
import { readNetwork } from "../../contributions/network/kanod/check/read-network.ts";
import type { Network } from "../../contributions/network/kanod/model/network.ts";
import { renderNetworkManager } from "../../contributions/network/kanod/renderers/network-manager/render.ts";
import { renderNetworkd } from "../../contributions/network/kanod/renderers/networkd/render.ts";
import type { Rendering } from "../../contributions/network/kanod/renderers/renderer.ts";
import { parseYaml } from "../../src/config/yaml.ts";
import { configuredGuestObstacle } from "../support/configured-guest.ts";
import { corpusFiles } from "../support/corpus.ts";
import { cloneRootfs, debianRootfs } from "../support/debian-rootfs.ts";
import { networkdSample, networkManagerSample } from "../support/network-samples.ts";
import { bootGuest, type Guest } from "../support/nspawn.ts";
import { readmeExamples } from "../support/readme.ts";
import { describeWith } from "../support/requirements.ts";

const context = { interfaces: [], machineId: "0123456789abcdef0123456789abcdef" };

/** What a renderer makes of netplan's examples, the README's, and a network with all it can express. */
function rendered(
  render: (network: Network, context: { interfaces: [] }) => Rendering,
  sample: unknown,
): { name: string; files: Rendering["files"] }[] {
  const examples = corpusFiles("netplan-examples/*.yaml").map(({ name, text }) => {
    return { name, value: (parseYaml(text, name).value as { network: unknown }).network };
  });
  const readme = readmeExamples<{ network: unknown }>(new URL("../../contributions/network/", import.meta.url));
  const own = readme.map(({ network }, index) => ({ name: `README, example ${index + 1}`, value: network }));
  return [...examples, ...own, { name: "all keys", value: sample }].flatMap(({ name, value }) => {
    const { network } = readNetwork(value);
    if (network === undefined) throw new Error(`${name} cannot be read`);
    const { files, findings } = render(network, { ...context, interfaces: [] });
    return findings.some(({ severity }) => severity === "error") ? [] : [{ name, files }];
  });
}

describeWith(configuredGuestObstacle())("the services load what is rendered for them", () => {
  let guest: Guest;

  beforeAll(async () => {
    const packages = ["network-manager", "udev", "wpasupplicant"];
    const clone = await cloneRootfs(await debianRootfs({ release: "trixie", packages }));
    guest = await bootGuest(clone.path);
    return async () => {
      await guest.powerOff();
      await clone.remove();
    };
  });

  const write = (path: string, content: string, mode: number, group = "root"): Promise<unknown> => {
    const script = 'mkdir -p "$(dirname "$0")" && cat > "$0" && chmod "$1" "$0" && chgrp "$2" "$0"';
    return guest.run(["sh", "-c", script, path, mode.toString(8), group], { input: content });
  };
  const run = async (...argv: string[]): Promise<string> => {
    const { stdout, stderr } = await guest.run(argv, { anyExitCode: true });
    return stdout + stderr;
  };
  /** Complaints of systemd about its files since the last call. */
  const complaints = async (): Promise<string[]> => {
    await run("systemctl", "reset-failed");
    await guest.run(["systemctl", "restart", "systemd-networkd"]);
    const loaded = await run("journalctl", "--no-pager", "-o", "cat", "-u", "systemd-networkd");
    const links = await run("udevadm", "test-builtin", "net_setup_link", "/sys/class/net/lo");
    await run("sh", "-c", "journalctl --rotate && journalctl --vacuum-time=1s");
    const about = `${loaded}\n${links}`.split("\n").filter((line) => line.startsWith("/etc/systemd/network/"));
    // netplan's examples have a gateway in a VRF without addresses, and a network with a host part.
    return about.filter((line) => !/Enabling GatewayOnLink= option|is not properly masked/.test(line));
  };

  test("systemd-networkd and udev know every section, key and value", async () => {
    const all = rendered(renderNetworkd, networkdSample);
    expect(all.map(({ name }) => name)).toContain("all keys");
    for (const { name, files } of all) {
      for (const { path, content, mode, group } of files) await write(path, content, mode, group);
      expect(await complaints(), name).toEqual([]);
      await run("sh", "-c", "rm -f /etc/systemd/network/*");
    }
  });

  test.each([
    ["network", "[Match]\nName=nothing\n[Network]\nNonsense=yes\n"],
    ["netdev", "[NetDev]\nName=nothing\nKind=bridge\n[Bridge]\nPriority=nonsense\n"],
    ["link", "[Match]\nOriginalName=nothing\n[Link]\nNonsense=yes\n"],
  ])("they would complain about a mistake in a .%s file", async (suffix, text) => {
    await write(`/etc/systemd/network/10-mistake.${suffix}`, text, 0o644);
    expect(await complaints()).not.toEqual([]);
    await run("sh", "-c", "rm -f /etc/systemd/network/*");
  });

  test("NetworkManager loads every keyfile without complaint", async () => {
    const all = rendered(renderNetworkManager, networkManagerSample);
    expect(all.map(({ name }) => name)).toContain("all keys");
    for (const { name, files } of all) {
      const keyfiles = files.filter(({ path }) => path.endsWith(".nmconnection"));
      for (const { path, content } of keyfiles) await write(path, content, 0o600);
      for (const { path } of keyfiles)
        expect(await run("nmcli", "connection", "load", path), `${name}: ${path}`).toBe("");
      const journal = await run("journalctl", "--no-pager", "-o", "cat", "-u", "NetworkManager");
      const about = journal.split("\n").filter((line) => /keyfile:|settings: load/.test(line));
      // The files of certificates that the examples name are not there.
      const faults = about.filter((line) => !/certificate or key file .* does not exist/.test(line));
      expect(faults, name).toEqual([]);
      await run("sh", "-c", "rm -f /etc/NetworkManager/system-connections/*; nmcli connection reload");
    }
  });

  test("NetworkManager would complain about a mistake", async () => {
    const path = "/etc/NetworkManager/system-connections/mistake.nmconnection";
    await write(path, "[connection]\nid=x\ntype=nonsense\n", 0o600);
    expect(await run("nmcli", "connection", "load", path)).toContain("Could not load file");
  });
});
