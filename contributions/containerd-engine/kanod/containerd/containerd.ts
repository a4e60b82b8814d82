import type { ContainerEngineParams, Registry, RegistryModel, RegistryServer } from "kanod-configure";
import { certificateFiles, configureEngine, secretFile, tomlString } from "kanod-configure";
import { defaultHostsFolder, editContainerdConfig, withoutOurs } from "./containerd-config.ts";

const configPath = "/etc/containerd/config.toml";
/** Of the servers' certificates: CRI-O and podman have theirs there, too. */
const certificatesFolder = "/etc/containers/certs.d";

const head = "# Written by kanod-configure from the section container_registries: changes made here are lost.\n\n";

/** Configures and starts containerd: hosts.toml for each registry, credentials and where to find them in config.toml. */
export function configureContainerd(params: ContainerEngineParams): Promise<void> {
  return configureEngine(params, {
    title: "containerd",
    unit: "containerd.service",
    certificates: certificatesFolder,
    // A hosts.toml is read for each pull.
    readAtStart: [configPath],
    write: async (files, host) => {
      const hostsFolder = await writeConfig({ ...params, host });
      for (const { path, text } of hostsFiles(hostsFolder, params.registries)) files.write(path, text);
    },
  });
}

async function writeConfig(params: ContainerEngineParams): Promise<string> {
  const { host, log, registries } = params;
  const before = (await host.readFile(configPath)) ?? "";
  const others = withoutOurs(before);
  const isEmpty = others.trim() === "";
  if (registries.registries.length + registries.defaultMirrors.length === 0) {
    // Nothing is asked for: a service that runs is not restarted only to be told where there is nothing.
    if (others === before) return defaultHostsFolder;
    if (isEmpty) await host.remove(configPath);
    else await host.writeFile(configPath, others);
    return defaultHostsFolder;
  }
  if (/^\s*disabled_plugins\s*=.*["'](io\.containerd\.grpc\.v1\.)?cri["']/m.test(before)) {
    log.warn(`${configPath} disables the plugin that Kubernetes pulls images with: nothing here has an effect on it`);
  }
  const major = isEmpty ? await majorVersion(params) : undefined;
  const { text, hostsFolder } = editContainerdConfig(others, major, registries.servers);
  const isSecret = registries.servers.some(({ credentials }) => credentials !== undefined);
  await host.writeFile(configPath, text, isSecret ? secretFile : {});
  return hostsFolder;
}

async function majorVersion({ host }: ContainerEngineParams): Promise<number> {
  const { stdout } = await host.query(["containerd", "--version"], { onTree: "chroot" });
  return Number(/\sv?(\d+)\.\d+/.exec(stdout)?.[1] ?? 1);
}

/** By containerd's docs/hosts.md. `_default` is for the registries that have no folder of their own. */
export function hostsFiles(folder: string, model: RegistryModel): { path: string; text: string }[] {
  const { registries, defaultMirrors } = model;
  const own = registries.map((registry) => {
    return { path: `${folder}/${registry.name}/hosts.toml`, text: registryText(registry, defaultMirrors) };
  });
  if (defaultMirrors.length === 0) return own;
  return [...own, { path: `${folder}/_default/hosts.toml`, text: `${head}${hostTables(defaultMirrors).join("\n")}` }];
}

/**
 * Each table is about a server that is asked, in their order, before the one that `server` names. What has to be known of
 * that one may stand outside of the tables, says hosts.md; containerd 1.7 as Debian builds it does not see it there. So
 * it has a table, too, as the last one.
 */
function registryText({ server, mirrors }: Registry, defaultMirrors: readonly RegistryServer[]): string {
  const before = [...mirrors, ...defaultMirrors].filter(({ url }) => url !== server.url);
  const hosts = [...before, ...(hostOptions(server).length === 0 ? [] : [server])];
  return `${head}${[`server = ${tomlString(server.url)}\n`, ...hostTables(hosts)].join("\n")}`;
}

function hostTables(servers: readonly RegistryServer[]): string[] {
  return servers.map((server) => {
    const lines = [`[host.${tomlString(server.url)}]`, 'capabilities = ["pull", "resolve"]', ...hostOptions(server)];
    return `${lines.join("\n")}\n`;
  });
}

function hostOptions(server: RegistryServer): string[] {
  const paths = certificateFiles(certificatesFolder, server).map(({ path }) => path);
  const [ca, cert, key] = ["/ca.crt", "/client.cert", "/client.key"].map((name) =>
    paths.find((path) => path.endsWith(name)),
  );
  return [
    ...(ca === undefined ? [] : [`ca = ${tomlString(ca)}`]),
    ...(cert === undefined || key === undefined ? [] : [`client = [[${tomlString(cert)}, ${tomlString(key)}]]`]),
    ...(server.insecure && server.url.startsWith("https:") ? ["skip_verify = true"] : []),
    ...(server.overridePath ? ["override_path = true"] : []),
  ];
}
