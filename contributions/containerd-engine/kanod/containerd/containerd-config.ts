import type { RegistryServer } from "kanod-configure";
import { AgentError, splitMarkedBlock, tomlString, withMarkedBlock } from "kanod-configure";

export const defaultHostsFolder = "/etc/containerd/certs.d";

/** At the end of a line that we put among those of others, and in front of one that ours replaces. */
const ours = "# kanod-configure";
const replaced = "#kanod-configure# ";

export interface ContainerdConfig {
  text: string;
  /** Where containerd looks for hosts.toml. */
  hostsFolder: string;
}

/**
 * A config.toml that names the folder of the registries' hosts.toml, and holds the credentials. What others wrote stays:
 * also a folder that they name.
 *
 * @param before without what an earlier run of ours put there: {@link withoutOurs}
 * @param major of containerd's version, which decides the form of a file that is empty, and of no other
 * @throws AgentError `old-containerd-config` for a file of version 1, which knows no hosts.toml
 */
export function editContainerdConfig(
  before: string,
  major: number | undefined,
  servers: readonly RegistryServer[],
): ContainerdConfig {
  const isEmpty = before.trim() === "";
  const version = isEmpty ? ((major ?? 1) >= 2 ? 3 : 2) : Number(/^\s*version\s*=\s*(\d+)/m.exec(before)?.[1] ?? 1);
  if (version < 2) {
    throw new AgentError(
      "old-containerd-config",
      "config.toml of containerd is of version 1, which knows no hosts.toml",
      {
        hint: "`containerd config migrate` makes a newer one of it",
      },
    );
  }
  const plugin = `plugins.${tomlString(version >= 3 ? "io.containerd.cri.v1.images" : "io.containerd.grpc.v1.cri")}`;
  const table = findTable(before, `${plugin}.registry`);
  const named = /^[ \t]*config_path\s*=\s*["']([^"':]+)/m.exec(table?.body ?? "")?.[1];
  const block = [
    ...(isEmpty ? [`version = ${version}`] : []),
    ...(table === undefined ? [`[${plugin}.registry]`, `config_path = ${tomlString(defaultHostsFolder)}`] : []),
    ...credentialTables(`${plugin}.registry`, servers),
  ];
  const text = table === undefined || named !== undefined ? before : withFolder(before, table);
  return { text: withMarkedBlock(text, block), hostsFolder: named ?? defaultHostsFolder };
}

function credentialTables(table: string, servers: readonly RegistryServer[]): string[] {
  return servers.flatMap(({ host, credentials }) => {
    if (credentials === undefined) return [];
    const { username, password } = credentials;
    const header = `[${table}.configs.${tomlString(host)}.auth]`;
    return [header, `username = ${tomlString(username)}`, `password = ${tomlString(password)}`];
  });
}

interface Table {
  /** Offsets of its lines, without its header and without its sub-tables. */
  from: number;
  to: number;
  body: string;
}

/** The table with this header, however its keys are quoted. */
function findTable(text: string, header: string): Table | undefined {
  const wanted = header.replaceAll('"', "'");
  for (const match of text.matchAll(/^[ \t]*\[([^[\]]*)\][ \t]*(?:#.*)?(?:\n|$)/gm)) {
    if (match[1]?.replaceAll('"', "'").replace(/\s/g, "") !== wanted) continue;
    const from = match.index + match[0].length;
    const length = text.slice(from).search(/^[ \t]*\[/m);
    const to = length === -1 ? text.length : from + length;
    return { from, to, body: text.slice(from, to) };
  }
  return undefined;
}

function withFolder(text: string, { from, to, body }: Table): string {
  const kept = body.replace(/^([ \t]*)(config_path\s*=.*)$/m, `$1${replaced}$2`);
  const line = `config_path = ${tomlString(defaultHostsFolder)} ${ours}\n`;
  return text.slice(0, from) + line + kept + text.slice(to);
}

/** A config.toml as it is without us. */
export function withoutOurs(text: string): string {
  return splitMarkedBlock(text)
    .others.split("\n")
    .filter((line) => !line.endsWith(` ${ours}`))
    .map((line) => line.replace(replaced, ""))
    .join("\n");
}
