import type { Distro } from "../agent/contribution.ts";
import type { Host } from "../host/host.ts";
import type { Logger } from "../log/logger.ts";
import { contains, parseAddress, parseNetwork } from "./address.ts";
import { splitMarkedBlock, withMarkedBlock } from "./marked-block.ts";

/** The section `proxy` of a configuration. */
export interface ProxySettings {
  http?: string | undefined;
  https?: string | undefined;
  /** Comma separated. */
  no_proxy?: string | undefined;
  /** Vault and its gatekeeper, too, are reached through the proxy. */
  vault?: boolean | undefined;
}

const environmentPath = "/etc/environment";
const managerPath = "/etc/systemd/system.conf.d/50-kanod-configure-proxy.conf";
const aptPath = "/etc/apt/apt.conf.d/50kanod-configure-proxy";
const aptAuthPath = "/etc/apt/auth.conf.d/50kanod-configure-proxy.conf";
const susePath = "/etc/sysconfig/proxy";

/** Programs disagree about upper and lower case (curl reads only `http_proxy`, others only `HTTPS_PROXY`). */
const variables = ["http_proxy", "https_proxy", "no_proxy"] as const;
type ProxyVariables = Partial<Record<(typeof variables)[number], string>>;

/** For files that hold credentials. */
const closed = { mode: 0o640, secret: true };

/** What never goes through a proxy. */
const always = ["localhost", "127.0.0.1", "::1"];

/**
 * The variables for a `proxy` section; none without a proxy.
 *
 * @param system entries of `no_proxy` in system.yaml, always added
 */
export function proxyVariables(settings: ProxySettings | undefined, system: readonly string[]): ProxyVariables {
  const { http, https, no_proxy } = settings ?? {};
  if (http === undefined && https === undefined) return {};
  const exceptions = new Set([...noProxyEntries(no_proxy ?? ""), ...always, ...system]);
  return {
    ...(http === undefined ? {} : { http_proxy: http }),
    ...(https === undefined ? {} : { https_proxy: https }),
    no_proxy: [...exceptions].join(","),
  };
}

/** The entries of a comma separated list; system.yaml may also have a real one. */
export function noProxyEntries(list: unknown): string[] {
  const texts = Array.isArray(list) ? list.map(String) : [typeof list === "string" ? list : ""];
  return texts
    .flatMap((text) => text.split(","))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/** The proxy that leads to a URL, as curl(1) reads the variables; undefined where there is none, or `no_proxy` names it. */
export function proxyFor(values: ProxyVariables, url: string): string | undefined {
  const { protocol, hostname, port } = new URL(url);
  const name = hostname.replace(/^\[|\]$/g, "");
  const isExcepted = noProxyEntries(values.no_proxy).some((entry) =>
    matches(entry, name, port || defaultPort(protocol)),
  );
  if (isExcepted) return undefined;
  return protocol === "https:" ? values.https_proxy : values.http_proxy;
}

function defaultPort(protocol: string): string {
  return protocol === "https:" ? "443" : "80";
}

function matches(entry: string, name: string, port: string): boolean {
  if (entry === "*") return true;
  const address = parseAddress(name);
  const network = parseNetwork(entry.replace(/^\[|\]$/g, ""));
  if (network !== undefined) return address !== undefined && contains(network, address);
  const [, host = entry, wantedPort] = /^(.*):(\d+)$/.exec(entry) ?? [];
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const domain = host.replace(/^\*?\./, "").toLowerCase();
  return name === domain || (address === undefined && name.endsWith(`.${domain}`));
}

/** The texts in the variables that nobody may read: user name and password, and the URL that holds them. */
export function proxySecrets(values: ProxyVariables): string[] {
  return [values.http_proxy, values.https_proxy].flatMap((text) => {
    if (text === undefined || !URL.canParse(text)) return [];
    const { username, password } = new URL(text);
    if (password === "") return username === "" ? [] : [text];
    return [text, `${username}:${password}`, password, decoded(password)];
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Makes the proxy known to everything on the machine: logins (`/etc/environment`, pam_env(8)), the commands of this run,
 * systemd's services, the package manager where it does not look at the environment. Without variables what an earlier
 * run wrote is removed.
 */
export async function setUpProxy(host: Host, log: Logger, distro: Distro, values: ProxyVariables): Promise<void> {
  for (const secret of proxySecrets(values)) log.addSecret(secret);
  const given = assignments(values);
  const previous = await writeEnvironment(host, values);
  const gone = previous.filter((name) => !given.some(([other]) => other === name));
  for (const [name, value] of given) host.setEnvironment(name, value);
  for (const name of gone) host.setEnvironment(name, undefined);
  await setUpManager(host, values, gone);
  if (isLike(distro, "debian")) await setUpApt(host, values);
  if (isLike(distro, "suse")) await setUpZypper(host, values);
}

function isLike({ id, like }: Distro, family: string): boolean {
  return id === family || like.includes(family);
}

/** Name and value of all variables, in both cases. */
function assignments(values: ProxyVariables): [string, string][] {
  return variables.flatMap((name): [string, string][] => {
    const value = values[name];
    if (value === undefined) return [];
    return [
      [name, value],
      [name.toUpperCase(), value],
    ];
  });
}

/** Returns the names of the variables that the file had from an earlier run. */
async function writeEnvironment(host: Host, values: ProxyVariables): Promise<string[]> {
  const before = (await host.readFile(environmentPath)) ?? "";
  const { ours: previous } = splitMarkedBlock(before);
  const after = withMarkedBlock(
    before,
    assignments(values).map(([name, value]) => `${name}="${value}"`),
  );
  const hadSecret = previous.some((line) => /:\/\/[^/]*@/.test(line));
  // pam_env reads it as root. Where we had closed the file for others, they get it back.
  const reopened = hadSecret ? { mode: 0o644 } : {};
  if (after !== before) await host.writeFile(environmentPath, after, hasSecret(values) ? closed : reopened);
  return previous.map((line) => line.slice(0, line.indexOf("=")));
}

/** systemd-system.conf(5); and at once, for the services that this boot still starts. */
async function setUpManager(host: Host, values: ProxyVariables, gone: readonly string[]): Promise<void> {
  const given = assignments(values);
  // `%` begins a specifier there, and a URL has some.
  const words = given.map(([name, value]) => `"${name}=${value.replaceAll("%", "%%")}"`);
  const text = `# Written by kanod-configure.\n[Manager]\nDefaultEnvironment=${words.join(" ")}\n`;
  const changed = await writeOrRemove(host, managerPath, given.length === 0 ? undefined : text, values);
  // sd_booted(3)
  if (!changed || (await host.stat("/run/systemd/system")) === undefined) return;
  if (given.length > 0) {
    // systemctl takes the values from its environment: an argument could be read by every user.
    const why = "give the proxy to services that are started from now on";
    const names = given.map(([name]) => name);
    await host.run(["systemctl", "import-environment", ...names], { env: Object.fromEntries(given), why });
  }
  if (gone.length > 0) await host.run(["systemctl", "unset-environment", ...gone], { why: "forget the former proxy" });
}

/**
 * apt.conf(5), for what apt runs without a login. Every user's apt reads that file and complains where it may not, so
 * credentials go into a file that only root's apt needs: apt_auth.conf(5).
 */
async function setUpApt(host: Host, values: ProxyVariables): Promise<void> {
  const used = [["http", values.http_proxy] as const, ["https", values.https_proxy] as const];
  const proxies = used.flatMap(([scheme, url]) => (url === undefined ? [] : [{ scheme, ...aptProxy(url) }]));
  const lines = proxies.map(({ scheme, address }) => `Acquire::${scheme}::Proxy "${address}";`);
  const machines = new Set(proxies.flatMap(({ machine }) => (machine === undefined ? [] : [machine])));
  const text = (mark: string, its: readonly string[]): string | undefined =>
    its.length === 0 ? undefined : `${[`${mark} Written by kanod-configure.`, ...its].join("\n")}\n`;
  const isOpen = proxies.every(({ address }) => !address.includes("@"));
  await writeOrRemove(host, aptPath, text("//", lines), isOpen ? {} : values);
  await writeOrRemove(host, aptAuthPath, text("#", [...machines]), values);
}

/** Address and line of credentials; the address keeps those that the line cannot express: it is split at spaces. */
function aptProxy(url: string): { address: string; machine?: string } {
  const { protocol, host, username, password } = new URL(url);
  const [user, secret] = [decoded(username), decoded(password)];
  if (user === "") return { address: url };
  if (secret === "" || /\s/.test(user + secret)) return { address: url };
  const address = `${protocol}//${host}`;
  return { address, machine: `machine ${address} login ${user} password ${secret}` };
}

/** libzypp reads this file, and not the environment. */
async function setUpZypper(host: Host, values: ProxyVariables): Promise<void> {
  const before = await host.readFile(susePath);
  const given = assignments(values).filter(([name]) => name === name.toUpperCase());
  const lines = given.map(([name, value]) => `${name}="${value}"`);
  const after = withMarkedBlock(before ?? "", lines.length === 0 ? [] : ['PROXY_ENABLED="yes"', ...lines]);
  if (after === (before ?? "")) return;
  await host.writeFile(susePath, after, hasSecret(values) ? closed : {});
}

async function writeOrRemove(
  host: Host,
  path: string,
  text: string | undefined,
  values: ProxyVariables,
): Promise<boolean> {
  if (text === undefined) return host.remove(path);
  return (await host.writeFile(path, text, hasSecret(values) ? closed : { mode: 0o644 })) !== "same";
}

function hasSecret(values: ProxyVariables): boolean {
  return proxySecrets(values).length > 0;
}
