import { normalUrl, type RegistryMapping, type RegistrySettings, type ServerSettings } from "./model.ts";

/** The deprecated section `containers`. */
export interface DeprecatedSettings {
  insecure_registries?: readonly string[];
  registry_mirrors?: readonly string[];
  auths?: readonly { repository: string; username?: string; password?: string | undefined }[];
}

/** A section that is built up: entries are found by what they are about, and made where they are missing. */
interface Draft {
  map: RegistryMapping[];
  servers: ServerSettings[];
  default_mirrors: string[];
}

/**
 * The section `container_registries` that says what the deprecated `containers` says, besides what `settings` says.
 * What is not secure is asked over TLS without checking it, and over http when that fails.
 */
export function translateDeprecated(settings: RegistrySettings | undefined, old: DeprecatedSettings): RegistrySettings {
  const draft = draftOf(settings);
  for (const name of old.insecure_registries ?? []) {
    const url = normalUrl(name);
    changeServer(draft, url, { insecure: true });
    changeMapping(draft, name, ({ mirrors = [] }) => ({ server: `http://${name}`, mirrors: [...mirrors, url] }));
  }
  for (const { repository, username, password } of old.auths ?? []) {
    changeServer(draft, normalUrl(repository), {
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    });
  }
  draft.default_mirrors.push(...(old.registry_mirrors ?? []));
  return withoutEmpty(draft);
}

/** The section `nexus` of a configuration. */
export interface NexusSettings {
  maven?: string;
  /** `host:port`. */
  docker?: string;
  insecure?: boolean;
  certificate?: string;
}

/** The public registries that a Nexus mirrors. */
export const publicRegistries: readonly string[] = [
  "docker.io",
  "gcr.io",
  "ghcr.io",
  "k8s.gcr.io",
  "quay.io",
  "registry.gitlab.com",
  "registry.k8s.io",
];

/** The section with a Nexus as the first mirror of the public registries; unchanged where it has no docker registry. */
export function withNexus(settings: RegistrySettings | undefined, nexus: NexusSettings): RegistrySettings {
  if (nexus.docker === undefined) return settings ?? {};
  const draft = draftOf(settings);
  const url = normalUrl(`${nexus.insecure === true ? "http" : "https"}://${nexus.docker}`);
  const { certificate } = nexus;
  changeServer(draft, url, {
    ...(nexus.insecure === true ? { insecure: true } : {}),
    ...(certificate === undefined ? {} : { ca: certificate }),
  });
  for (const name of publicRegistries) {
    const implied = draft.map.some((mapping) => mapping.name === name) ? {} : { implied: true };
    changeMapping(draft, name, ({ mirrors = [] }) => {
      return { mirrors: [url, ...mirrors.filter((mirror) => normalUrl(mirror) !== url)], ...implied };
    });
  }
  return withoutEmpty(draft);
}

function draftOf(settings: RegistrySettings | undefined): Draft {
  return {
    map: [...(settings?.map ?? [])],
    servers: [...(settings?.servers ?? [])],
    default_mirrors: [...(settings?.default_mirrors ?? [])],
  };
}

function changeServer(draft: Draft, url: string, change: Partial<ServerSettings>): void {
  const index = draft.servers.findIndex((server) => normalUrl(server.url) === url);
  if (index === -1) draft.servers.push({ url, ...change });
  else draft.servers[index] = { ...(draft.servers[index] as ServerSettings), ...change };
}

function changeMapping(
  draft: Draft,
  name: string,
  change: (mapping: RegistryMapping) => Partial<RegistryMapping>,
): void {
  const index = draft.map.findIndex((mapping) => mapping.name === name);
  const before = draft.map[index] ?? { name };
  const after = { ...before, ...change(before) };
  if (index === -1) draft.map.push(after);
  else draft.map[index] = after;
}

function withoutEmpty(draft: Draft): RegistrySettings {
  return Object.fromEntries(Object.entries(draft).filter(([, list]) => list.length > 0));
}
