import type { Configuration, ContainerEngineParams, Finding } from "kanod-configure";
import {
  AgentError,
  authParts,
  configureEngine,
  defaultServer,
  type Registry,
  type RegistryModel,
  type RegistryServer,
  secretFile,
} from "kanod-configure";

const daemonPath = "/etc/docker/daemon.json";
/** Docker's own name for the credentials of docker.io. */
const hubKey = "https://index.docker.io/v1/";

/**
 * Configures and starts docker: daemon.json, `certs.d`, proxy, and the credentials, for docker itself, or for the kubelet
 * where `kubernetes` is in the configuration.
 */
export async function configureDocker(params: ContainerEngineParams): Promise<void> {
  const { log, registries, conf } = params;
  const fault = mirrorFault(registries);
  if (fault !== undefined) throw new AgentError("bad-registry", fault);
  const auths = authParts(registries, keyOf);
  for (const name of unsupported(registries)) {
    log.warn(`docker has mirrors for docker.io only: the mapping of ${name} has no effect`);
  }
  for (const url of mirrorsWithCredentials(registries)) {
    log.warn(`docker sends no credentials to mirrors: ${url} must allow anonymous pulls`);
  }
  const settings = { "registry-mirrors": mirrorsOf(registries), "insecure-registries": insecureHosts(registries) };
  const authPath = "kubernetes" in conf ? "/var/lib/kubelet/config.json" : "/root/.docker/config.json";
  await configureEngine(params, {
    title: "docker",
    unit: "docker.service",
    certificates: "/etc/docker/certs.d",
    probe: { argv: ["docker", "info", "--format", "{{.ServerVersion}}"] },
    readAtStart: [daemonPath],
    write: async (files) => {
      await files.merge(daemonPath, settings);
      await files.merge(authPath, auths, secretFile);
    },
  });
}

/** dockerd does not start with such a mirror (ValidateMirror in moby's registry package). */
function mirrorFault(model: RegistryModel): string | undefined {
  const url = mirrorsOf(model).find((mirror) => !/^https?:\/\/[^/]+$/.test(mirror));
  return url && `docker takes no mirror with a path: ${url}`;
}

function isHub({ name }: Registry): boolean {
  return name === "docker.io";
}

/** The same for a configuration, with places, where the image says that docker is its engine. */
export function mirrorFindings(settings: Configuration["container_registries"]): Finding[] {
  const { map = [], default_mirrors = [] } = settings ?? {};
  const index = map.findIndex(({ name }) => name === "docker.io");
  const places = [
    ...(map[index]?.mirrors ?? []).map((url, which) => [`map/${index}/mirrors/${which}`, url] as const),
    ...default_mirrors.map((url, which) => [`default_mirrors/${which}`, url] as const),
  ];
  return places.flatMap(([place, url]): Finding[] => {
    if (/^(https?:\/\/)?[^/]+\/*$/.test(url) || url.startsWith("@")) return [];
    const message = "docker takes no mirror with a path";
    return [{ severity: "error", code: "bad-registry", pointer: `/container_registries/${place}`, message }];
  });
}

/** A server in docker.io's place is a mirror to docker: there is no other way to name one. */
function mirrorsOf({ registries, defaultMirrors }: RegistryModel): string[] {
  const hub = registries.find(isHub);
  const servers = hub === undefined ? defaultMirrors : [...hub.mirrors, hub.server];
  return servers.map(({ url }) => url).filter((url) => url !== defaultServer("docker.io"));
}

/** moby/moby#30880: the daemon has credentials for the registry itself only. */
function mirrorsWithCredentials(model: RegistryModel): string[] {
  const urls = mirrorsOf(model);
  return model.servers
    .filter(({ credentials, url }) => credentials !== undefined && urls.includes(url))
    .map(({ url }) => url);
}

function insecureHosts({ registries, defaultMirrors, servers }: RegistryModel): string[] {
  const all = [...registries.flatMap(({ server, mirrors }) => [server, ...mirrors]), ...defaultMirrors, ...servers];
  return [...new Set(all.filter(({ insecure }) => insecure).map(({ host }) => host))];
}

/** The user's mappings that docker cannot express: it asks the registry that the name of an image begins with. */
function unsupported({ registries, defaultMirrors }: RegistryModel): string[] {
  const isPlain = ({ name, server, mirrors }: Registry): boolean =>
    server.host === name && mirrors.every((mirror) => defaultMirrors.includes(mirror));
  return registries
    .filter((registry) => !isHub(registry) && !registry.implied && !isPlain(registry))
    .map(({ name }) => name);
}

function keyOf({ url, host }: RegistryServer): string {
  return url === defaultServer("docker.io") ? hubKey : host;
}
