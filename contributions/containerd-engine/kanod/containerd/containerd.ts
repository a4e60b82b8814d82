import type { ContainerEngineParams, Host, Registry, RegistryModel, RegistryServer } from "kanod-configure";
import { certificateFiles, configureEngine, parseToml, secretFile, tomlString } from "kanod-configure";
import { configPath, defaultHostsFolder, editContainerdConfig, withoutOurs } from "./containerd-config.ts";

/** Of the servers' certificates: CRI-O and podman have theirs there, too. */
const certificatesFolder = "/etc/containers/certs.d";

const head = "# Written by kanod-configure from the section container_registries: changes made here are lost.\n\n";

/** Configures and starts containerd: hosts.toml for each registry, credentials and where to find them in config.toml. */
export function configureContainerd(params: ContainerEngineParams): Promise<void> {
  return configureEngine(params, {
    title: "containerd",
    unit: "containerd.service",
    certificates: certificatesFolder,
    probe: { argv: ["ctr", "plugins", "ls"], fault: pluginFault },
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
    // Nothing is configured: a service that runs is not restarted only to be pointed to an empty folder.
    if (others === before) return defaultHostsFolder;
    if (isEmpty) await host.remove(configPath);
    else await host.writeFile(configPath, others);
    return defaultHostsFolder;
  }
  const major = isEmpty ? await majorVersion(params) : undefined;
  const imported = await importedDocuments(host, others);
  const { text, hostsFolder, isDisabled } = await editContainerdConfig(others, imported, major, registries);
  if (isDisabled)
    log.warn(`${configPath} disables the plugin that Kubernetes pulls images with: it will not use these registries`);
  const isSecret = registries.servers.some(({ credentials }) => credentials !== undefined);
  await host.writeFile(configPath, text, isSecret ? secretFile : {});
  return hostsFolder;
}

/** The files that config.toml imports: absolute paths or relative to it, with wildcards in their names. */
async function importedDocuments(host: Host, text: string): Promise<Map<string, Record<string, unknown>>> {
  const { imports } = await parseToml(configPath, text);
  const found = new Map<string, Record<string, unknown>>();
  for (const pattern of Array.isArray(imports) ? imports.map(String) : []) {
    const [, folder = "", name = ""] = /^(.*\/)?([^/]*)$/.exec(pattern) ?? [];
    const path = folder.startsWith("/") ? folder : `/etc/containerd/${folder}`;
    const parts = name.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
    const matches = new RegExp(`^${parts.join(".*")}$`);
    for (const file of ((await host.list(path)) ?? []).filter((one) => matches.test(one))) {
      const content = await host.readFile(`${path}${file}`);
      if (content !== undefined) found.set(`${path}${file}`, await parseToml(`${path}${file}`, content));
    }
  }
  return found;
}

/** The plugin of CRI by `ctr plugins ls`: a line of type, ID, platforms and status. */
function pluginFault(listed: string): string | undefined {
  const failed = listed.split("\n").find((line) => {
    const [type = "", id = "", ...rest] = line.split(/\s+/);
    const isCri = (type === "io.containerd.grpc.v1" && id === "cri") || type === "io.containerd.cri.v1";
    return isCri && rest.includes("error");
  });
  return failed && "its plugin for Kubernetes (CRI) was not loaded";
}

async function majorVersion({ host }: ContainerEngineParams): Promise<number> {
  const { stdout } = await host.query(["containerd", "--version"], { onTree: "chroot" });
  return Number(/\sv?(\d+)\.\d+/.exec(stdout)?.[1] ?? 1);
}

/** By containerd's docs/hosts.md. `_default` is for the registries that have no folder of their own. */
export function hostsFiles(folder: string, model: RegistryModel): { path: string; text: string }[] {
  const own = model.registries.map((registry) => {
    return { path: `${folder}/${registry.name}/hosts.toml`, text: registryText(registry) };
  });
  if (model.defaultMirrors.length === 0) return own;
  const text = `${head}${hostTables(model.defaultMirrors).join("\n")}`;
  return [...own, { path: `${folder}/_default/hosts.toml`, text }];
}

/**
 * Each table is about a server that is asked, in their order, before the one that `server` names. The settings of that
 * one may be outside of the tables, says hosts.md; containerd 1.7 as Debian builds it does not read them there. So it
 * has a table, too, as the last one.
 */
function registryText({ server, mirrors }: Registry): string {
  const hosts = [...mirrors, ...(hostOptions(server).length === 0 ? [] : [server])];
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
