/** The section `container_registries` of a configuration. */
export interface RegistrySettings {
  map?: readonly RegistryMapping[];
  servers?: readonly ServerSettings[];
  default_mirrors?: readonly string[];
}

export interface RegistryMapping {
  /** As in the names of images: `docker.io`, `registry.example.com:5000`. */
  name: string;
  /** URL to go to instead of the registry of that name. */
  server?: string;
  mirrors?: readonly string[];
  /** Not from the user: an engine that cannot express it need not warn. */
  implied?: boolean;
}

export interface ServerSettings {
  url: string;
  username?: string;
  password?: string;
  insecure?: boolean;
  override_path?: boolean;
  ca?: string;
  client_cert?: string;
  client_key?: string;
}

/** A server that images are fetched from. */
export interface RegistryServer {
  /** With scheme, without a slash at its end. */
  url: string;
  /** `host` or `host:port`: what credentials and certificates are filed under. */
  host: string;
  /** Begins with a slash; empty where the URL has none. */
  path: string;
  /** It speaks http, or TLS whose certificate is not checked. */
  insecure: boolean;
  /** The path is the API's root: no `/v2` is added. */
  overridePath: boolean;
  credentials: { username: string; password: string } | undefined;
  ca: string | undefined;
  clientCert: string | undefined;
  clientKey: string | undefined;
}

/** A registry, by the name that images have in front of theirs. */
export interface Registry {
  name: string;
  server: RegistryServer;
  /** Asked before the server, in this order: its own mirrors, then the default ones, each once and never the server. */
  mirrors: readonly RegistryServer[];
  /** Not from the user: an engine that cannot express it need not warn. */
  implied: boolean;
}

/** What a container engine has to know about registries. */
export interface RegistryModel {
  registries: readonly Registry[];
  /** For registries that have no entry of their own. */
  defaultMirrors: readonly RegistryServer[];
  /** Every server that is told about, in the order of the configuration. */
  servers: readonly RegistryServer[];
}

/** Registries whose server has another name. */
const wellKnown: Readonly<Record<string, string>> = { "docker.io": "https://registry-1.docker.io" };

/** Names that are used for docker.io's server, `docker login` included. */
const hubHosts: ReadonlySet<string> = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/**
 * The model of a `container_registries` section. An entry of `servers` belongs to all URLs with the same normal form.
 * Images may also be asked for by the server's own host: it is a registry of that name, too.
 */
export function registryModel(settings: RegistrySettings | undefined): RegistryModel {
  const given = settings?.servers ?? [];
  const known = new Map(given.map((server) => [normalUrl(server.url), serverOf(server.url, server)]));
  const find = (url: string): RegistryServer => known.get(normalUrl(url)) ?? serverOf(url, undefined);
  const defaultMirrors = uniqueServers((settings?.default_mirrors ?? []).map(find));
  const registryOf = (name: string, server: RegistryServer, mirrors: RegistryServer[], implied = false): Registry => {
    const others = uniqueServers([...mirrors, ...defaultMirrors]).filter(({ url }) => url !== server.url);
    return { name, server, mirrors: others, implied };
  };
  const registries = new Map<string, Registry>();
  for (const { name, server, mirrors = [], implied } of settings?.map ?? []) {
    registries.set(name, registryOf(name, find(server ?? defaultServer(name)), mirrors.map(find), implied));
  }
  const servers = [...known.values()];
  for (const server of servers) {
    const name = nameOf(server);
    if (server.path === "" && !registries.has(name)) registries.set(name, registryOf(name, server, []));
  }
  return { registries: [...registries.values()], defaultMirrors, servers };
}

function uniqueServers(servers: readonly RegistryServer[]): RegistryServer[] {
  return [...new Map(servers.map((server) => [server.url, server])).values()];
}

/** Where images of a registry come from when the configuration does not say. */
export function defaultServer(name: string): string {
  return wellKnown[name] ?? `https://${name}`;
}

/** The name under which images of a server are asked for. */
function nameOf({ url, host }: RegistryServer): string {
  return Object.keys(wellKnown).find((name) => wellKnown[name] === url) ?? host;
}

/**
 * The normal form of a server's URL: with `https://` where there is no scheme, the host in lower case, no slash at the end;
 * docker.io's server has many names and one normal form.
 */
export function normalUrl(url: string): string {
  const absolute = /^https?:\/\//i.test(url) ? url : `https://${url}`;
  const [, scheme = "", host = "", path = ""] = /^(https?:\/\/)([^/]*)(.*)$/i.exec(absolute) ?? [];
  const normal = `${scheme.toLowerCase()}${host.toLowerCase()}${path.replace(/\/+$/, "")}`;
  const isHub = hubHosts.has(host.toLowerCase()) && /^(\/v[12])?\/*$/.test(path);
  return isHub ? (wellKnown["docker.io"] as string) : normal;
}

export function serverOf(given: string, settings: ServerSettings | undefined): RegistryServer {
  const url = normalUrl(given);
  const [, scheme, host = "", path = ""] = /^(https?):\/\/([^/]*)(.*)$/.exec(url) ?? [];
  const { username, password = "", insecure = false, override_path = false } = settings ?? {};
  return {
    url,
    host,
    path,
    insecure: insecure || scheme === "http",
    overridePath: override_path,
    credentials: username === undefined ? undefined : { username, password },
    ca: settings?.ca,
    clientCert: settings?.client_cert,
    clientKey: settings?.client_key,
  };
}
