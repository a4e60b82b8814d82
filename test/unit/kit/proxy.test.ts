import { describe, expect, test } from "vitest";
import type { Distro } from "../../../src/agent/contribution.ts";
import { type RecordingHost, recordingHost } from "../../../src/host/recording-host.ts";
import { noProxyEntries, proxyFor, proxySecrets, proxyVariables, setUpProxy } from "../../../src/kit/proxy.ts";
import { memoryLog } from "../../support/contributions.ts";

const plain = {
  http: "http://proxy.example.com:3128",
  https: "http://proxy.example.com:3129",
  no_proxy: ".example.com",
};
const secret = { http: "http://user:p%40ss%20word@proxy.example.com:3128" };
const debian: Distro = { id: "ubuntu", like: ["debian"], version: "24.04", name: "Ubuntu" };
const fedora: Distro = { id: "fedora", like: [], version: "42", name: "Fedora" };
const leap: Distro = { id: "opensuse-leap", like: ["suse", "opensuse"], version: "15.6", name: "Leap" };

const systemd = "/run/systemd/system";
const manager = "/etc/systemd/system.conf.d/50-kanod-configure-proxy.conf";
const apt = "/etc/apt/apt.conf.d/50kanod-configure-proxy";

async function setUp(host: RecordingHost, settings: object | undefined, distro = debian, system: string[] = []) {
  const { log, events } = memoryLog();
  await setUpProxy(host, log, distro, proxyVariables(settings, system));
  return { log, events };
}

const environment = (host: RecordingHost): string[] =>
  host.steps.flatMap((step) => (step.kind === "environment" ? [`${step.name}=${step.value}`] : []));

describe("proxyVariables", () => {
  test("completes no_proxy with the system's entries, each once", () => {
    const settings = { http: plain.http, no_proxy: "a.example.com, 10.0.0.0/8,,localhost" };
    expect(proxyVariables(settings, ["10.0.0.0/8", ".svc"]).no_proxy).toBe(
      "a.example.com,10.0.0.0/8,localhost,127.0.0.1,::1,.svc",
    );
  });

  test("gives none without a proxy", () => {
    expect(proxyVariables(undefined, [".svc"])).toEqual({});
    expect(proxyVariables({ no_proxy: "a" }, [".svc"])).toEqual({});
  });

  test("system.yaml may have a list or a text", () => {
    expect(noProxyEntries(".svc, .local")).toEqual([".svc", ".local"]);
    expect(noProxyEntries([".svc", ".local"])).toEqual([".svc", ".local"]);
    expect(noProxyEntries(undefined)).toEqual([]);
  });
});

test.each([
  ["https://vault.example.com:8200", "", "https"],
  ["http://vault.example.com:8200", "", "http"],
  ["https://vault.example.com:8200", "vault.example.com", undefined],
  ["https://vault.example.com:8200", "example.com", undefined],
  ["https://vault.example.com:8200", ".Example.com", undefined],
  ["https://vault.example.com:8200", "*.example.com", undefined],
  ["https://vault.example.com:8200", "ple.com,other.example.com", "https"],
  ["https://vault.example.com:8200", "vault.example.com:8200", undefined],
  ["https://vault.example.com:8200", "vault.example.com:443", "https"],
  ["https://vault.example.com", "vault.example.com:443", undefined],
  ["https://vault.example.com", "*", undefined],
  ["https://10.1.2.3", "10.0.0.0/8", undefined],
  ["https://11.1.2.3", "10.0.0.0/8", "https"],
  ["https://10.1.2.3", "2.3", "https"],
  ["https://[2001:db8::1]:8200", "2001:db8::/32", undefined],
  ["https://[2001:db8::1]:8200", "[2001:db8::1]", undefined],
  ["https://[2001:db9::1]:8200", "2001:db8::/32", "https"],
  ["https://10.example.com", "10.0.0.0/8", "https"],
])("proxyFor(%j) with no_proxy %j is the one for %j", (url, no_proxy, expected) => {
  expect(proxyFor({ https_proxy: "https", http_proxy: "http", no_proxy }, url)).toBe(expected);
});

test("proxySecrets are credentials in every form that they are used in", () => {
  expect(proxySecrets({ http_proxy: plain.http })).toEqual([]);
  expect(proxySecrets({ https_proxy: secret.http })).toEqual([
    secret.http,
    "user:p%40ss%20word",
    "p%40ss%20word",
    "p@ss word",
  ]);
  expect(proxySecrets({ http_proxy: "http://a%FF:b%FF@h" })).toContain("b%FF");
});

describe("setUpProxy", () => {
  test("reaches logins, commands, services and apt", async () => {
    const host = recordingHost({ files: { "/etc/environment": "LANG=C\n", [systemd]: { directory: true } } });
    await setUp(host, plain);
    const text = await host.readFile("/etc/environment");
    expect(text?.startsWith("LANG=C\n")).toBe(true);
    for (const name of ["http_proxy", "HTTP_PROXY"]) expect(text).toContain(`\n${name}="${plain.http}"\n`);
    expect(text).toContain('\nno_proxy=".example.com,localhost,127.0.0.1,::1"\n');
    expect(environment(host)).toContain(`HTTPS_PROXY=${plain.https}`);
    expect(await host.readFile(apt)).toContain(`Acquire::https::Proxy "${plain.https}";`);
    expect(await host.readFile(manager)).toContain(`"http_proxy=${plain.http}"`);
    expect(host.steps).toContainEqual(
      expect.objectContaining({
        kind: "run",
        argv: expect.arrayContaining(["systemctl", "import-environment", "no_proxy"]),
      }),
    );
  });

  test("changes nothing the second time", async () => {
    const host = recordingHost({ files: { [systemd]: { directory: true } } });
    await setUp(host, plain);
    const before = host.steps.filter(({ kind }) => kind !== "environment").length;
    await setUp(host, plain);
    expect(host.steps.filter(({ kind }) => kind !== "environment")).toHaveLength(before);
  });

  test("takes back what the configuration has no longer, and only that", async () => {
    const files = { "/etc/environment": "LANG=C\nftp_proxy=x\n", [systemd]: { directory: true as const } };
    const host = recordingHost({ files });
    await setUp(host, plain);
    await setUp(host, { http: plain.http });
    const text = await host.readFile("/etc/environment");
    expect(text).toContain("http_proxy=");
    expect(text).not.toContain("https_proxy=");
    expect(environment(host)).toContain("https_proxy=undefined");
    await setUp(host, undefined);
    expect(await host.readFile("/etc/environment")).toBe(files["/etc/environment"]);
    expect(await host.stat(manager)).toBeUndefined();
    expect(await host.stat(apt)).toBeUndefined();
    const argv = host.steps.flatMap((step) => (step.kind === "run" ? [step.argv.slice(1)] : []));
    expect(argv.at(-1)).toEqual(["unset-environment", "http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"]);
  });

  test("touches nothing where there never was a proxy", async () => {
    const host = recordingHost({
      files: { "/etc/environment": "http_proxy=not-ours\n", [systemd]: { directory: true } },
    });
    await setUp(host, undefined);
    expect(host.steps).toEqual([]);
  });

  test("hides credentials: closed files, masked log, no argument", async () => {
    const host = recordingHost({ files: { [systemd]: { directory: true } } });
    const { log, events } = await setUp(host, secret);
    for (const path of ["/etc/environment", manager]) expect((await host.stat(path))?.mode).toBe(0o640);
    expect(await host.readFile(manager)).toContain("p%%40ss%%20word");
    expect(JSON.stringify(host.steps)).not.toMatch(/p%40ss|p@ss/);
    log.info(`connecting to ${secret.http} as user:p%40ss%20word with p@ss word`);
    expect(JSON.stringify(events)).not.toMatch(/p%40ss|p@ss/);
    await setUp(host, plain);
    expect((await host.stat("/etc/environment"))?.mode).toBe(0o644);
    expect((await host.stat(manager))?.mode).toBe(0o644);
  });

  test("gives apt credentials where only root's apt looks, as far as that can hold them", async () => {
    const auth = "/etc/apt/auth.conf.d/50kanod-configure-proxy.conf";
    const host = recordingHost();
    await setUp(host, { http: "http://us%40er:p%40ss@proxy.example.com:3128", https: "https://proxy.example.com" });
    expect(await host.readFile(apt)).toContain('Acquire::http::Proxy "http://proxy.example.com:3128";');
    expect((await host.stat(apt))?.mode).toBe(0o644);
    expect(await host.readFile(auth)).toContain("\nmachine http://proxy.example.com:3128 login us@er password p@ss\n");
    expect((await host.stat(auth))?.mode).toBe(0o640);
    await setUp(host, secret);
    expect(await host.readFile(apt)).toContain(secret.http);
    expect((await host.stat(apt))?.mode).toBe(0o640);
    expect(await host.stat(auth)).toBeUndefined();
  });

  test("leaves systemd alone where it is not running", async () => {
    const host = recordingHost();
    await setUp(host, plain);
    expect(host.steps.some(({ kind }) => kind === "run")).toBe(false);
    expect(await host.readFile(manager)).toContain("DefaultEnvironment=");
  });

  test("writes what the distribution needs", async () => {
    const sysconfig = 'PROXY_ENABLED="no"\nHTTP_PROXY=""\n';
    const files = { "/etc/sysconfig/proxy": sysconfig };
    const onLeap = recordingHost({ files });
    await setUp(onLeap, plain, leap);
    expect(await onLeap.stat(apt)).toBeUndefined();
    const text = await onLeap.readFile("/etc/sysconfig/proxy");
    expect(text?.startsWith(sysconfig)).toBe(true);
    expect(text).toContain('\nPROXY_ENABLED="yes"\n');
    await setUp(onLeap, undefined, leap);
    expect(await onLeap.readFile("/etc/sysconfig/proxy")).toBe(sysconfig);
    const onFedora = recordingHost();
    await setUp(onFedora, plain, fedora);
    expect(await onFedora.stat(apt)).toBeUndefined();
    expect(await onFedora.stat("/etc/sysconfig/proxy")).toBeUndefined();
  });
});
