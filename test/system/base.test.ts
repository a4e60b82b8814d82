import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { TestAuthority } from "../support/authority.ts";
import { type Cable, plugIn } from "../support/cable.ts";
import { compiledAgent } from "../support/compiled-agent.ts";
import { cloneRootfs, debianRootfs, type RootfsClone, rootfsObstacle } from "../support/debian-rootfs.ts";
import { bootGuest, type Guest, type GuestResult, nspawnObstacle } from "../support/nspawn.ts";
import { describeWith } from "../support/requirements.ts";

const element = (name: string): string => fileURLToPath(new URL(`../../contributions/${name}`, import.meta.url));

/** An HTTPS server that answers every request; arguments: port, certificate, key. */
const server = `const [port, cert, key] = process.argv.slice(1);
const fs = require("node:fs");
const answer = (_, response) => response.end("answered\\n");
const pair = cert === undefined ? undefined : { cert: fs.readFileSync(cert), key: fs.readFileSync(key) };
(pair ? require("node:https").createServer(pair, answer) : require("node:http").createServer(answer)).listen(Number(port));`;

describeWith(rootfsObstacle() ?? nspawnObstacle())("base in a Debian guest", () => {
  const agent = compiledAgent([element("proxy-certificates")]);
  const authority = new TestAuthority("kanod base test");
  let folder: string;
  let clone: RootfsClone;
  let guest: Guest;
  let cable: Cable;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "kanod-base-"));
    clone = await cloneRootfs(await debianRootfs({ release: "trixie" }));
    copyFileSync(join(agent, "kanod-configure"), join(clone.path, "usr/local/bin/kanod-configure"));
    symlinkSync("kanod-configure", join(clone.path, "usr/local/bin/kanod-runcmd"));
    mkdirSync(join(clone.path, "etc/kanod-configure"), { recursive: true });
    guest = await bootGuest(clone.path);
    cable = await plugIn(guest);
    await guest.run(["ip", "address", "add", "198.51.100.2/24", "dev", "eth0"]);
    await guest.run(["ip", "link", "set", "eth0", "up"]);
    await guest.run(["sh", "-c", `echo '${cable.near} secure.test' >> /etc/hosts`]);
    startServers();
    await until(async () => (await curl(["--insecure", "https://secure.test:8443/"])).exitCode === 0);
  }, 900_000);

  afterAll(async () => {
    await cable?.[Symbol.asyncDispose]();
    await guest?.powerOff();
    await clone?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(() => writeFileSync(join(folder, "proxy.log"), ""));

  function startServers(): void {
    const { cert, key } = authority.issue("DNS:secure.test");
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const secure = [file("cert.pem", cert), file("key.pem", key)];
    cable.serve([process.execPath, "-e", server, "8443", ...secure]);
    cable.serve([process.execPath, "-e", server, "8080"]);
    const config = `Port 3128\nListen ${cable.near}\nLogFile "${join(folder, "proxy.log")}"\nLogLevel Connect
BasicAuth operator proxypassword\nMaxClients 50\n`;
    cable.serve(["tinyproxy", "-d", "-c", file("tinyproxy.conf", config)]);
  }

  /** Encoded in part, although nothing here needs it: who uses it has to decode it. */
  const proxy = (): string => `http://operator:pr%6Fxypassw%6Frd@${cable.near}:3128`;
  const proxied = (): string => readFileSync(join(folder, "proxy.log"), "utf8");

  function curl(args: readonly string[]): Promise<GuestResult> {
    return guest.run(["curl", "--silent", "--show-error", "--max-time", "5", ...args], { anyExitCode: true });
  }

  async function configure(section: object): Promise<GuestResult> {
    const text = JSON.stringify({ name: "guest", ...section });
    writeFileSync(join(clone.path, "etc/kanod-configure/configuration.yaml"), text, { mode: 0o600 });
    return guest.run(["kanod-runcmd", "--log-level", "debug"], { anyExitCode: true });
  }

  test("a server whose authority was installed is trusted, until it is taken back", async () => {
    const untrusted = await curl(["https://secure.test:8443/"]);
    expect(untrusted).toMatchObject({ exitCode: 60 });

    const first = await configure({ certificates: { "test-root": authority.cert } });
    expect(first).toMatchObject({ exitCode: 0 });
    expect(first.stdout).toContain("ran update-ca-certificates");
    expect(await curl(["https://secure.test:8443/"])).toMatchObject({ exitCode: 0, stdout: "answered\n" });

    const second = await configure({ certificates: { "test-root": authority.cert } });
    expect(second.exitCode).toBe(0);
    expect(second.stdout).not.toContain("update-ca-certificates");

    expect((await configure({})).exitCode).toBe(0);
    expect(await curl(["https://secure.test:8443/"])).toMatchObject({ exitCode: 60 });
  });

  test("logins, services and apt go through the proxy, with its credentials, until it is taken back", async () => {
    const url = `http://${cable.far}:8080/`;
    const asLogin = (): Promise<GuestResult> =>
      guest.run(["env", "-i", "su", "--login", "root", "-c", `curl --silent --show-error --max-time 3 ${url}`], {
        anyExitCode: true,
      });
    const asService = (): Promise<GuestResult> =>
      guest.run(["systemd-run", "--quiet", "--pipe", "--wait", "curl", "--silent", "--max-time", "3", url], {
        anyExitCode: true,
      });
    expect((await asLogin()).exitCode).not.toBe(0);
    expect((await asService()).exitCode).not.toBe(0);

    const settings = { http: proxy(), https: proxy(), no_proxy: `.internal,${cable.near}` };
    const run = await configure({ proxy: settings });
    expect(run).toMatchObject({ exitCode: 0 });
    expect(run.stdout + run.stderr).not.toMatch(/proxypassword|pr%6Fxy/);
    expect(await asLogin()).toMatchObject({ exitCode: 0, stdout: "answered\n" });
    expect(await asService()).toMatchObject({ exitCode: 0, stdout: "answered\n" });
    expect(proxied().match(/Request.*203\.0\.113\.1/g)?.length).toBeGreaterThanOrEqual(2);

    writeFileSync(join(folder, "proxy.log"), "");
    await guest.run([
      "sh",
      "-c",
      `echo 'deb [trusted=yes] http://${cable.far}:8080/debian x main' > /tmp/sources.list`,
    ]);
    const options = ["-o", "Dir::Etc::SourceList=/tmp/sources.list", "-o", "Dir::Etc::SourceParts=/dev/null"];
    await guest.run(["env", "-i", "PATH=/usr/bin:/usr/sbin", "apt-get", ...options, "update"], { anyExitCode: true });
    expect(proxied()).toMatch(/Request.*203\.0\.113\.1.*debian/);
    expect(proxied()).not.toContain("Unauthorized");

    writeFileSync(join(folder, "proxy.log"), "");
    expect((await curl([`http://${cable.near}:8080/`])).exitCode).toBe(0);
    expect(proxied()).toBe("");

    expect((await configure({})).exitCode).toBe(0);
    expect((await asLogin()).exitCode).not.toBe(0);
    expect((await asService()).exitCode).not.toBe(0);
    const left = await guest.run(["grep", "-rlE", "ssw%6Frd|proxypassword", "/etc", "/var/log", "/var/lib"], {
      anyExitCode: true,
    });
    expect(left.stdout).toBe("");
  });

  test("what systemd gives to services survives a reboot of the manager", async () => {
    expect((await configure({ proxy: { http: proxy() } })).exitCode).toBe(0);
    await guest.run(["systemctl", "unset-environment", "http_proxy", "HTTP_PROXY"]);
    await guest.run(["systemctl", "daemon-reexec"]);
    const { stdout } = await guest.run(["systemd-run", "--quiet", "--pipe", "--wait", "printenv", "http_proxy"]);
    expect(stdout.trim()).toBe(proxy());
    expect((await configure({})).exitCode).toBe(0);
  });

  test("files with credentials are for root and its group alone, the others stay readable", async () => {
    const modes = async (): Promise<string> =>
      (
        await guest.run([
          "sh",
          "-c",
          "stat -c '%a %n' /etc/environment /etc/apt/*.d/50kanod* /etc/systemd/system.conf.d/50-kanod*",
        ])
      ).stdout;
    expect((await configure({ proxy: { http: proxy() } })).exitCode).toBe(0);
    expect((await modes()).match(/^640 /gm)).toHaveLength(3);
    const asUser = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "apt-cache", "policy"];
    expect((await guest.run(asUser)).stderr).toBe("");
    expect((await configure({ proxy: { http: `http://${cable.near}:3128` } })).exitCode).toBe(0);
    expect((await modes()).match(/^644 /gm)).toHaveLength(3);
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await condition()) return;
    await sleep(100);
  }
  throw new Error("it did not happen");
}
