import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { registryModel } from "kanod-configure";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hostsFiles } from "../../contributions/containerd-engine/kanod/containerd/containerd.ts";
import { editContainerdConfig } from "../../contributions/containerd-engine/kanod/containerd/containerd-config.ts";
import { describeWith, rootObstacle } from "../support/requirements.ts";

/** containerd itself reads what we write: the one that is installed, in folders of its own. */
describeWith(rootObstacle("containerd", "ctr"))("containerd", () => {
  let folder: string;
  let daemon: ChildProcess | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kanod-containerd-"));
  });

  afterEach(async () => {
    const running = daemon;
    if (running !== undefined && running.exitCode === null) {
      const ended = new Promise((resolve) => running.once("exit", resolve));
      running.kill("SIGTERM");
      await ended;
    }
    daemon = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  const ctr = (...args: string[]): string =>
    execFileSync("ctr", ["--address", join(folder, "socket"), ...args], { encoding: "utf8", stdio: "pipe" });

  async function start(config: string): Promise<string> {
    const settings = `root = "${folder}/root"\nstate = "${folder}/state"\n`;
    writeFileSync(join(folder, "config.toml"), `${settings}${config}`);
    const args = ["--config", join(folder, "config.toml"), "--address", join(folder, "socket")];
    daemon = spawn("containerd", args, { stdio: "ignore" });
    for (let tries = 0; tries < 100; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      try {
        return ctr("plugins", "ls");
      } catch {
        if (daemon.exitCode !== null) break;
      }
    }
    throw new Error("containerd did not start");
  }

  const cri = "io.containerd.grpc.v1.cri";

  test.each([
    ["an empty file", ""],
    ["dotted keys", `version = 2\nplugins."${cri}".registry.config_path = "/etc/containerd/certs.d"\n`],
    ["a table", `version = 2\n[plugins."${cri}".registry]\n  config_path = ""\n`],
    ["another table", `version = 2\n[plugins."${cri}".cni]\nbin_dir = "/usr/lib/cni"\n`],
  ])("loads its plugin for Kubernetes with what becomes of %s", async (_, before) => {
    const servers = [{ url: "https://mirror.example.com:5000", username: "u", password: String.raw`p:'";\é` }];
    const model = registryModel({ map: [{ name: "quay.io" }], servers });
    const { text } = await editContainerdConfig(before, new Map(), 1, model);
    expect(await start(text)).toMatch(/^io\.containerd\.grpc\.v1\s+cri\s.*\sok\s*$/m);
    const dump = execFileSync("containerd", ["--config", join(folder, "config.toml"), "config", "dump"]).toString();
    expect(dump).toContain('config_path = "/etc/containerd/certs.d"');
    expect(dump).toContain('registry.configs."mirror.example.com:5000".auth]');
  });

  test("asks a mirror that is a default one as well", async () => {
    const asked: string[] = [];
    const mirror = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => mirror.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`;
    const model = registryModel({
      map: [{ name: "registry.invalid", mirrors: [url, `${url}/`] }],
      default_mirrors: [url],
    });
    for (const { path, text } of hostsFiles(join(folder, "certs.d"), model)) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    await start("version = 2\n");
    const image = "registry.invalid/library/tiny:1";
    const pull = spawn("ctr", [
      "--address",
      join(folder, "socket"),
      "images",
      "pull",
      "--hosts-dir",
      join(folder, "certs.d"),
      image,
    ]);
    await new Promise((resolve) => pull.once("exit", resolve));
    mirror.close();
    expect(asked).toContain("/v2/library/tiny/manifests/1?ns=registry.invalid");
  });
});
