import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { TestAuthority } from "../support/authority.ts";
import { type ConfiguredGuest, configuredGuest, configuredGuestObstacle } from "../support/configured-guest.ts";
import { describeWith } from "../support/requirements.ts";

const elements = ["registries", "docker-engine", "containerd-engine", "crio-engine", "nexus", "proxy-certificates"];
const packages = ["apache2-utils", "containerd", "docker-cli", "docker-registry", "docker.io", "podman"];
const password = `p:'";$(x)\\é word`;

/** A registry with TLS of a private authority, which only tells its images to one user. */
const registryConfig = `version: 0.1
storage: { filesystem: { rootdirectory: /var/lib/docker-registry } }
http: { addr: ":5000", tls: { certificate: /etc/docker/registry/cert.pem, key: /etc/docker/registry/key.pem } }
auth: { htpasswd: { realm: test, path: /etc/docker/registry/htpasswd } }
`;

describeWith(configuredGuestObstacle())("registries", () => {
  const authority = new TestAuthority("registries");
  let machine: ConfiguredGuest;

  const container_registries = {
    map: [{ name: "docker.io", mirrors: ["https://mirror.test:5000"] }],
    servers: [{ url: "https://mirror.test:5000", username: "puller", password, ca: authority.cert }],
  };

  async function prepare(root: string): Promise<void> {
    const { key, cert } = authority.issue("DNS:mirror.test");
    const folder = join(root, "etc/docker/registry");
    await writeFile(join(folder, "config.yml"), registryConfig);
    await writeFile(join(folder, "cert.pem"), cert);
    await writeFile(join(folder, "key.pem"), key);
    await writeFile(join(root, "etc/hosts"), "127.0.0.1 localhost mirror.test\n");
    // docker cannot make bridges here, and what an image says has to stay.
    await writeFile(join(root, "etc/docker/daemon.json"), '{"bridge":"none","iptables":false,"ip6tables":false}\n');
    await copyFile(fileURLToPath(new URL("../support/cri-pull.cjs", import.meta.url)), join(root, "opt/cri-pull.cjs"));
    await mkdir(join(root, "etc/kanod-configure"), { recursive: true });
  }

  const run = async (...argv: string[]): Promise<string> => (await machine.guest.run(argv)).stdout;
  const useEngine = (name: string): Promise<void> =>
    writeFile(join(machine.root, "etc/kanod-configure/system.yaml"), `container_engine: ${name}\n`);

  beforeAll(async () => {
    const tmpfs = ["containerd", "containers", "docker"].map((name) => `--tmpfs=/var/lib/${name}`);
    machine = await configuredGuest({ elements, packages, prepare, nspawnArguments: tmpfs });
    const htpasswd = await machine.guest.run(["htpasswd", "-niB", "puller"], { input: password });
    await writeFile(join(machine.root, "etc/docker/registry/htpasswd"), htpasswd.stdout);
    await run("systemctl", "restart", "docker-registry");
    await run("sh", "-c", "tar -C /etc -c hostname | podman import - tiny");
    const creds = `puller:${password}`;
    await run(
      "podman",
      "push",
      "--tls-verify=false",
      `--creds=${creds}`,
      "tiny",
      "docker://mirror.test:5000/library/tiny:1",
    );
    await run("podman", "image", "rm", "--all", "--force");
  });

  test("podman pulls through the mirror, with credentials and a private authority", async () => {
    await useEngine("crio");
    await machine.runcmd({ name: "node", container_registries });
    const info = JSON.parse(await run("podman", "info", "--format", "json"));
    expect(info.registries["docker.io"]).toMatchObject({
      Prefix: "docker.io",
      Mirrors: [{ Location: "mirror.test:5000" }],
    });
    await run("podman", "pull", "docker.io/library/tiny:1");
    expect(await run("podman", "images", "--noheading")).toContain("docker.io/library/tiny");
    const { stdout } = await machine.runcmd({ name: "node", container_registries });
    expect(stdout).toContain("Container engine: podman: nothing changed");
  });

  test("containerd pulls through the mirror as the kubelet has it do, with credentials and a private authority", async () => {
    await useEngine("containerd");
    await machine.runcmd({ name: "node", container_registries });
    const dump = await run("containerd", "config", "dump");
    expect(dump).toContain('config_path = "/etc/containerd/certs.d"');
    expect(dump).toContain('bin_dir = "/usr/lib/cni"');
    await run("node", "/opt/cri-pull.cjs", "/run/containerd/containerd.sock", "docker.io/library/tiny:1");
    expect(await run("ctr", "--namespace", "k8s.io", "images", "list", "--quiet")).toContain(
      "docker.io/library/tiny:1",
    );
    const { stdout } = await machine.runcmd({ name: "node", container_registries });
    expect(stdout).toContain("Container engine: containerd: nothing changed");
  });

  test("containerd does not pull with another password", async () => {
    const servers = [{ ...container_registries.servers[0], password: "wrong" }];
    await machine.runcmd({ name: "node", container_registries: { ...container_registries, servers } });
    const pulled = await machine.guest.run(
      ["node", "/opt/cri-pull.cjs", "/run/containerd/containerd.sock", "mirror.test:5000/library/tiny:1"],
      { anyExitCode: true },
    );
    expect(pulled.exitCode).toBe(1);
    expect(pulled.stderr).toMatch(/401|[Uu]nauthorized|authorization/);
  });

  test("docker pulls with credentials and a private authority, and knows the mirrors", async () => {
    await useEngine("docker");
    await machine.runcmd({
      name: "node",
      container_registries,
      proxy: { http: "http://proxy.test:3128", no_proxy: "mirror.test" },
    });
    const info = JSON.parse(await run("docker", "info", "--format", "{{json .}}"));
    expect(info.RegistryConfig.Mirrors).toEqual(["https://mirror.test:5000/"]);
    expect(info.HttpProxy).toBe("http://proxy.test:3128");
    await run("docker", "pull", "mirror.test:5000/library/tiny:1");
    const { stdout } = await machine.runcmd({
      name: "node",
      container_registries,
      proxy: { http: "http://proxy.test:3128", no_proxy: "mirror.test" },
    });
    expect(stdout).toContain("Container engine: docker: nothing changed");
  });

  test("docker without registries has what the image says, and nothing of ours", async () => {
    await machine.runcmd({ name: "node" });
    const daemon = JSON.parse(await readFile(join(machine.root, "etc/docker/daemon.json"), "utf8"));
    expect(daemon).toEqual({ bridge: "none", iptables: false, ip6tables: false });
    const info = JSON.parse(await run("docker", "info", "--format", "{{json .}}"));
    expect(info.RegistryConfig.Mirrors).toBeNull();
    expect(info.HttpProxy).toBe("");
    expect(await run("find", "/etc/docker/certs.d", "-type", "f")).toBe("");
  });

  test("the engine that is installed is found, docker before the containerd that it brings along", async () => {
    await machine.guest.run(["rm", "/etc/kanod-configure/system.yaml"]);
    const { stdout } = await machine.runcmd({ name: "node" });
    expect(stdout).toContain("Container engine: docker: nothing changed");
  });

  test("a Nexus mirrors the public registries", async () => {
    await useEngine("crio");
    await machine.runcmd({
      name: "node",
      nexus: { docker: "mirror.test:5000", certificate: authority.cert },
      container_registries: { servers: [{ url: "https://mirror.test:5000", username: "puller", password }] },
    });
    await run("podman", "image", "rm", "--all", "--force");
    await run("podman", "pull", "quay.io/library/tiny:1");
    const info = JSON.parse(await run("podman", "info", "--format", "json"));
    expect(Object.keys(info.registries)).toEqual(expect.arrayContaining(["docker.io", "ghcr.io", "registry.k8s.io"]));
  });

  test("the deprecated section does the same", async () => {
    const containers = {
      auths: [{ repository: "mirror.test:5000", username: "puller", password }],
      insecure_registries: ["mirror.test:5000"],
    };
    const { stdout, stderr } = await machine.runcmd({ name: "node", containers });
    expect(stdout + stderr).toContain("`containers` is deprecated");
    expect(stdout + stderr).not.toContain(password);
    await run("podman", "image", "rm", "--all", "--force");
    await run("podman", "pull", "mirror.test:5000/library/tiny:1");
  });

  test.each<[string, object, string]>([
    ["a path for a name", { map: [{ name: "../../cron.d" }] }, "bad-registry"],
    ["a quote in a URL", { default_mirrors: ['https://x"'] }, "bad-registry"],
    ["a line feed in a password", { servers: [{ url: "x", username: "u", password: "a\nb" }] }, "bad-registry"],
    ["a text that is no certificate", { servers: [{ url: "x", ca: "hello" }] }, "bad-certificate"],
    ["10,000 characters", { default_mirrors: [`https://${"x".repeat(10_000)}`] }, "bad-registry"],
  ])("%s is refused with its position", async (_, settings, code) => {
    const { stderr } = await machine.runcmd({ name: "node", container_registries: settings }, { exitCode: 3 });
    expect(stderr).toMatch(new RegExp(`configuration\\.yaml:1:\\d+: error\\[${code}\\]`));
  });
});
