/**
 * What cloud-init and netplan make of network configurations: the second opinions on our renderers. They run in a Debian
 * root file system, so that their versions do not depend on this machine.
 */
import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cloneRootfs, debianRootfs, type RootfsClone } from "./debian-rootfs.ts";

/** Paths and contents of files, or what the oracle said instead. */
export type Verdict = { files: Record<string, string> } | { refused: string };

export interface NetworkOracles extends AsyncDisposable {
  /** Version of cloud-init, such as `25.1.4`. */
  readonly cloudInitVersion: string;
  /** Files of one of cloud-init's renderers for each `network` section. */
  cloudInit(networks: readonly unknown[], renderer: "networkd" | "network-manager"): Promise<Verdict[]>;
  /** `netplan generate` on files of /etc/netplan: what it puts below /run. */
  netplan(contents: readonly string[]): Promise<Verdict[]>;
}

/** Reads a JSON list of networks, writes a JSON list of verdicts. One process for all: starting takes most of the time. */
const cloudInitScript = `
import json, os, sys, tempfile, logging
logging.disable(logging.CRITICAL)
from cloudinit import distros
from cloudinit.net import network_state, networkd, network_manager
name, networks = json.load(sys.stdin)
module = {"networkd": networkd, "network-manager": network_manager}[name]
distro = distros.fetch("debian")("debian", {}, None)
verdicts = []
for network in networks:
    with tempfile.TemporaryDirectory() as folder:
        try:
            renderer = module.Renderer(config=distro.renderer_configs.get(name))
            state = network_state.parse_net_config_data(network, renderer=renderer, skip_broken=False)
            renderer.render_network_state(network_state=state, target=folder + "/")
            files = {}
            for place, _, names in os.walk(folder):
                for each in names:
                    path = os.path.join(place, each)
                    files[path[len(folder):].replace("//", "/")] = open(path).read()
            verdicts.append({"files": files})
        except Exception as error:
            verdicts.append({"refused": repr(error)})
json.dump(verdicts, sys.stdout)
`;

const netplanScript = `
import json, os, shutil, subprocess, sys, tempfile
verdicts = []
for content in json.load(sys.stdin):
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(folder + "/etc/netplan")
        path = folder + "/etc/netplan/50-cloud-init.yaml"
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write(content)
        done = subprocess.run(["netplan", "generate", "--root-dir", folder], capture_output=True, text=True)
        if done.returncode != 0:
            verdicts.append({"refused": done.stderr})
            continue
        files = {}
        for place, _, names in os.walk(folder + "/run"):
            for each in names:
                path = os.path.join(place, each)
                if os.path.isfile(path) and not os.path.islink(path):
                    files[path[len(folder):]] = open(path).read()
        verdicts.append({"files": files})
json.dump(verdicts, sys.stdout)
`;

export async function networkOracles(): Promise<NetworkOracles> {
  const rootfs = await debianRootfs({ release: "trixie", packages: ["cloud-init", "netplan.io", "udev"] });
  const clone = await cloneRootfs(rootfs);
  const version = await run(clone, "import cloudinit.version; print(cloudinit.version.version_string())", "");
  return {
    cloudInitVersion: version.trim(),
    cloudInit: async (networks, renderer) =>
      JSON.parse(await run(clone, cloudInitScript, JSON.stringify([renderer, networks]))) as Verdict[],
    netplan: async (contents) => JSON.parse(await run(clone, netplanScript, JSON.stringify(contents))) as Verdict[],
    [Symbol.asyncDispose]: () => clone.remove(),
  };
}

async function run(clone: RootfsClone, script: string, input: string): Promise<string> {
  const folder = join(clone.path, "oracle");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "script.py"), script);
  await writeFile(join(folder, "input"), input);
  const command = "exec python3 /oracle/script.py < /oracle/input";
  try {
    return await new Promise<string>((resolve, reject) => {
      const options = { maxBuffer: 256 * 1024 * 1024, timeout: 300_000 };
      execFile("chroot", [clone.path, "sh", "-c", command], options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${error.message}\n${stderr}`));
      });
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}
