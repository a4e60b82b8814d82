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
  /** Asked before the server, in this order. */
  mirrors: readonly RegistryServer[];
}

/** What a container engine has to know about registries. */
export interface RegistryModel {
  registries: readonly Registry[];
  /** For registries that have no entry of their own. */
  defaultMirrors: readonly RegistryServer[];
  /** Every server that is told about, in the order of the configuration. */
  servers: readonly RegistryServer[];
}

/** What a registry's name stands for, where it is not the server's name. */
const wellKnown: Readonly<Record<string, string>> = { "docker.io": "https://registry-1.docker.io" };

/**
 * The model of a `container_registries` section. An entry of `servers` belongs to all URLs that are the same but for a
 * slash at their end. Images may also be asked for by the server's own host: it is a registry by that name, too.
 */
export function registryModel(settings: RegistrySettings | undefined): RegistryModel {
  const told = settings?.servers ?? [];
  const known = new Map(told.map((server) => [normalUrl(server.url), serverOf(server.url, server)]));
  const find = (url: string): RegistryServer => known.get(normalUrl(url)) ?? serverOf(url, undefined);
  const registries = (settings?.map ?? []).map(({ name, server, mirrors = [] }): Registry => {
    return { name, server: find(server ?? defaultServer(name)), mirrors: mirrors.map(find) };
  });
  const defaultMirrors = (settings?.default_mirrors ?? []).map(find);
  const servers = [...known.values()];
  const names = new Set(registries.map(({ name }) => name));
  const own = servers
    .map((server): Registry => ({ name: nameOf(server), server, mirrors: [] }))
    .filter(({ name, server }) => server.path === "" && !names.has(name));
  return { registries: [...registries, ...own], defaultMirrors, servers };
}

/** Where images of a registry come from when the configuration does not say. */
export function defaultServer(name: string): string {
  return wellKnown[name] ?? `https://${name}`;
}

/** The name under which images of a server are asked for. */
function nameOf({ url, host }: RegistryServer): string {
  return Object.keys(wellKnown).find((name) => wellKnown[name] === url) ?? host;
}

/** With `https://` where no scheme is given, and without a slash at its end. */
export function normalUrl(url: string): string {
  const absolute = /^https?:\/\//.test(url) ? url : `https://${url}`;
  return absolute.replace(/\/+$/, "");
}

function serverOf(given: string, settings: ServerSettings | undefined): RegistryServer {
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
