import type { ContainerEngineParams } from "kanod-configure";
import {
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
    readAtStart: [daemonPath],
    write: async (files) => {
      await files.merge(daemonPath, settings);
      await files.merge(authPath, authParts(registries, keyOf), secretFile);
    },
  });
}

function isHub({ name }: Registry): boolean {
  return name === "docker.io";
}

/** A server that stands in for docker.io is a mirror to docker: there is no other way to name one. */
function mirrorsOf({ registries, defaultMirrors }: RegistryModel): string[] {
  const hub = registries.filter(isHub).flatMap(({ server, mirrors }) => [...mirrors, server]);
  const urls = [...hub, ...defaultMirrors].map(({ url }) => url).filter((url) => url !== defaultServer("docker.io"));
  return [...new Set(urls)];
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

/** Mappings that docker cannot express: it asks the registry that the name of an image begins with. */
function unsupported({ registries }: RegistryModel): string[] {
  return registries
    .filter((registry) => !isHub(registry) && (registry.mirrors.length > 0 || registry.server.host !== registry.name))
    .map(({ name }) => name);
}

function keyOf({ url, host }: RegistryServer): string {
  return url === defaultServer("docker.io") ? hubKey : host;
}
