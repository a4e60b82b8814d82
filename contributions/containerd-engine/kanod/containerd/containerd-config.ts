import type { RegistryModel } from "kanod-configure";
import {
  AgentError,
  credentialsByKey,
  isMapping,
  parseToml,
  splitMarkedBlock,
  tomlString,
  withMarkedBlock,
} from "kanod-configure";

export const configPath = "/etc/containerd/config.toml";
export const defaultHostsFolder = "/etc/containerd/certs.d";

/** At the end of a line that we put among those of others, and in front of one that ours replaces. */
const ours = "# kanod-configure";
const replaced = "#kanod-configure# ";

type Document = Readonly<Record<string, unknown>>;

export interface ContainerdConfig {
  text: string;
  /** Where containerd looks for hosts.toml. */
  hostsFolder: string;
  /** The plugin that Kubernetes pulls images with is not loaded. */
  isDisabled: boolean;
}

/**
 * A config.toml that names the folder of the registries' hosts.toml, and holds the credentials. It is edited as text, so
 * that comments and form stay; a TOML parser decides what is there, and whether the new text says what it should.
 *
 * @param before without our part of an earlier run: {@link withoutOurs}
 * @param imported documents that config.toml imports, by path
 * @param major of containerd's version, which decides the version of a file that is empty, and of no other
 * @throws AgentError `old-containerd-config` for a file of version 1, which has no hosts.toml; `containerd-config` for one
 *   that cannot be changed without changing its meaning; `bad-toml-file`
 */
export async function editContainerdConfig(
  before: string,
  imported: ReadonlyMap<string, Document>,
  major: number | undefined,
  model: RegistryModel,
): Promise<ContainerdConfig> {
  const document = await parseToml(configPath, before);
  const isEmpty = Object.keys(document).length === 0;
  const version = isEmpty ? ((major ?? 1) >= 2 ? 3 : 2) : Number(document["version"] ?? 1);
  if (version < 2) {
    throw new AgentError("old-containerd-config", `${configPath} is of version 1, which does not support hosts.toml`, {
      hint: "`containerd config migrate` prints it in a newer version",
    });
  }
  const plugin = version >= 3 ? "io.containerd.cri.v1.images" : "io.containerd.grpc.v1.cri";
  for (const [path, other] of imported) {
    if (at(other, "plugins", plugin) !== undefined) refuse(`${path}, which it imports, also configures ${plugin}`);
  }
  const registry = at(document, "plugins", plugin, "registry");
  refuseUnusable(registry);
  const named = firstFolder(registry?.["config_path"]);
  const credentials = missingCredentials(registry, model);
  const table = `plugins.${tomlString(plugin)}.registry`;
  const position = findTable(before, table);
  const path = `config_path = ${tomlString(defaultHostsFolder)}`;
  const block = [
    ...(isEmpty ? [`version = ${version}`] : []),
    ...(named === undefined && position === undefined ? [`[${table}]`, path] : []),
    ...credentials.flatMap(({ host, username, password }) => [
      `[${table}.configs.${tomlString(host)}.auth]`,
      `username = ${tomlString(username)}`,
      `password = ${tomlString(password)}`,
    ]),
  ];
  const text = withMarkedBlock(
    named === undefined && position !== undefined ? withFolder(before, position, path) : before,
    block,
  );
  await verify(text, wantedDocument(document, { version, plugin, named, credentials }));
  return { text, hostsFolder: named ?? defaultHostsFolder, isDisabled: isDisabled(document) };
}

function refuse(reason: string): never {
  throw new AgentError("containerd-config", `${configPath} cannot be added to: ${reason}`, {
    hint: "remove that from the image: `container_registries` of the configuration takes its place",
  });
}

/** containerd does not load the plugin with both forms (ValidatePluginConfig in its pkg/cri/config). */
function refuseUnusable(registry: Document | undefined): void {
  if (Object.keys(at(registry, "mirrors") ?? {}).length > 0)
    refuse("it has registry.mirrors, the form before hosts.toml");
  const withTls = Object.entries(at(registry, "configs") ?? {}).find(([, its]) => isMapping(its) && "tls" in its);
  if (withTls !== undefined) refuse(`it has registry.configs."${withTls[0]}".tls, the form before hosts.toml`);
}

interface Credentials {
  host: string;
  username: string;
  password: string;
}

/** The credentials that the file does not have already. */
function missingCredentials(registry: Document | undefined, model: RegistryModel): Credentials[] {
  return [...credentialsByKey(model, ({ host }) => host)].flatMap(([host, { username, password }]) => {
    const auth = at(registry, "configs", host, "auth");
    if (auth === undefined) return [{ host, username, password }];
    if (auth["username"] === username && auth["password"] === password) return [];
    return refuse(`it has other credentials of ${host}`);
  });
}

function firstFolder(value: unknown): string | undefined {
  const folder = typeof value === "string" ? value.split(":")[0] : undefined;
  return folder === "" ? undefined : folder;
}

function isDisabled(document: Document): boolean {
  const disabled: unknown = document["disabled_plugins"];
  return Array.isArray(disabled) && disabled.some((name) => /^(io\.containerd\.grpc\.v1\.)?cri$/.test(String(name)));
}

/** The mapping at a path of keys; undefined where there is none. */
function at(document: Document | undefined, ...keys: string[]): Document | undefined {
  const value = keys.reduce<unknown>((parent, key) => (isMapping(parent) ? parent[key] : undefined), document);
  return isMapping(value) ? value : undefined;
}

interface Wanted {
  version: number;
  plugin: string;
  named: string | undefined;
  credentials: readonly Credentials[];
}

function wantedDocument(document: Document, { version, plugin, named, credentials }: Wanted): Document {
  const plugins = at(document, "plugins");
  const cri = at(plugins, plugin);
  const registry = at(cri, "registry");
  const configs = at(registry, "configs");
  const auths = credentials.map(({ host, username, password }) => {
    return [host, { ...at(configs, host), auth: { username, password } }] as const;
  });
  const changed = {
    ...registry,
    ...(named === undefined ? { config_path: defaultHostsFolder } : {}),
    ...(auths.length === 0 ? {} : { configs: { ...configs, ...Object.fromEntries(auths) } }),
  };
  return { ...document, version, plugins: { ...plugins, [plugin]: { ...cri, registry: changed } } };
}

async function verify(text: string, wanted: Document): Promise<void> {
  const written = await parseToml(configPath, text).catch((error) => {
    if (error instanceof AgentError) return undefined;
    throw error;
  });
  if (written === undefined || canonical(written) !== canonical(wanted)) {
    refuse("it sets registry as an inline table or with dotted keys");
  }
}

/** The same text for documents of the same content, whatever the order of their keys. */
function canonical(document: Document): string {
  return JSON.stringify(document, (_, value) =>
    isMapping(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );
}

interface Position {
  /** Offsets of a table's lines, without its header and its sub-tables. */
  from: number;
  to: number;
}

/** The table with this header, however its keys are quoted. What only looks like one is found out by {@link verify}. */
function findTable(text: string, header: string): Position | undefined {
  const wanted = header.replaceAll('"', "'");
  for (const match of text.matchAll(/^[ \t]*\[([^[\]]*)\][ \t]*(?:#.*)?(?:\n|$)/gm)) {
    if (match[1]?.replaceAll('"', "'").replace(/\s/g, "") !== wanted) continue;
    const from = match.index + match[0].length;
    const length = text.slice(from).search(/^[ \t]*\[/m);
    return { from, to: length === -1 ? text.length : from + length };
  }
  return undefined;
}

function withFolder(text: string, { from, to }: Position, line: string): string {
  const kept = text.slice(from, to).replace(/^([ \t]*)(config_path\s*=.*)$/m, `$1${replaced}$2`);
  const start = text.slice(0, from);
  return `${start}${start.endsWith("\n") ? "" : "\n"}${line} ${ours}\n${kept}${text.slice(to)}`;
}

/** A config.toml as it is without us. */
export function withoutOurs(text: string): string {
  return splitMarkedBlock(text)
    .others.split("\n")
    .filter((line) => !line.endsWith(` ${ours}`))
    .map((line) => line.replace(replaced, ""))
    .join("\n");
}
