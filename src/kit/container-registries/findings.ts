import type { Finding } from "../../config/problem.ts";
import { parseAddress } from "../address.ts";
import { checkCertificates } from "../certificates/pem.ts";
import { isReference } from "../findings.ts";
import { isHost } from "../host-names.ts";
import { defaultServer, normalUrl, type RegistrySettings, type ServerSettings, serverOf } from "./model.ts";

/**
 * What is wrong with a `container_registries` section: names and URLs become names of folders, credentials become headers,
 * and certificates that cannot be read would only be noticed when an image is pulled.
 */
export function registryFindings(settings: RegistrySettings | undefined, now: Date): Finding[] {
  if (settings === undefined) return [];
  const mappings = (settings.map ?? []).flatMap(({ name, server, mirrors = [] }, index) => [
    ...check(`map/${index}/name`, name, registryNameFault),
    ...check(`map/${index}/server`, server, urlFault),
    ...mirrors.flatMap((mirror, which) => check(`map/${index}/mirrors/${which}`, mirror, urlFault)),
    ...mirrors.flatMap((mirror, which) => mirrorOfItself(`map/${index}/mirrors/${which}`, name, server, mirror)),
    ...duplicate(
      `map/${index}/name`,
      name,
      (settings.map ?? []).slice(0, index).map((one) => one.name),
    ),
  ]);
  const servers = (settings.servers ?? []).flatMap((server, index) => [
    ...serverFindings(server, index, now),
    ...duplicate(
      `servers/${index}/url`,
      normalUrl(server.url),
      (settings.servers ?? []).slice(0, index).map(({ url }) => normalUrl(url)),
    ),
  ]);
  const sharedHosts = (settings.servers ?? []).flatMap((server, index) =>
    hostWithOtherCredentials(settings, server, index),
  );
  const mirrors = (settings.default_mirrors ?? []).flatMap((url, index) =>
    check(`default_mirrors/${index}`, url, urlFault),
  );
  return [...mappings, ...servers, ...sharedHosts, ...mirrors];
}

function serverFindings(server: ServerSettings, index: number, now: Date): Finding[] {
  const { ca, client_cert, client_key } = server;
  const at = (key: string): string => `servers/${index}/${key}`;
  const certificates = Object.entries({ ca, client_cert }).flatMap(([key, pem]) => {
    return pem === undefined || isReference(pem) ? [] : checkCertificates(pem, pointerOf(at(key)), now);
  });
  const isAlone = (client_cert === undefined) !== (client_key === undefined);
  return [
    ...check(at("url"), server.url, urlFault),
    ...check(at("username"), server.username, usernameFault),
    ...check(at("password"), server.password, controlFault),
    ...certificates,
    ...check(at("client_key"), client_key, keyFault),
    ...(isAlone ? [finding(at("url"), "has a client certificate or a client key, and not both")] : []),
    ...(server.password !== undefined && server.username === undefined
      ? [finding(at("password"), "has no username to go with it")]
      : []),
  ];
}

/** docker.io has several names: one of them as its mirror looks right, and has no effect. */
function mirrorOfItself(place: string, name: string, server: string | undefined, mirror: string): Finding[] {
  if (normalUrl(mirror) !== normalUrl(server ?? defaultServer(name))) return [];
  return [{ ...finding(place, `is the server of ${name} itself: as a mirror it has no effect`), severity: "warning" }];
}

function hostWithOtherCredentials(settings: RegistrySettings, server: ServerSettings, index: number): Finding[] {
  const { host, credentials } = serverOf(server.url, server);
  const earlier = (settings.servers ?? []).slice(0, index).findIndex((other) => {
    const its = serverOf(other.url, other);
    return (
      its.host === host &&
      credentials !== undefined &&
      its.credentials !== undefined &&
      (its.credentials.username !== credentials.username || its.credentials.password !== credentials.password)
    );
  });
  if (earlier === -1) return [];
  const reason = `has other credentials than servers/${earlier} of the same host, of which only CRI-O and podman can use both`;
  return [{ ...finding(`servers/${index}/url`, reason), severity: "warning" }];
}

function check(place: string, value: string | undefined, fault: (text: string) => string | undefined): Finding[] {
  const reason = value === undefined || isReference(value) ? undefined : fault(value);
  return reason === undefined ? [] : [finding(place, reason)];
}

function duplicate(place: string, value: string, earlier: readonly string[]): Finding[] {
  return earlier.includes(value) ? [finding(place, "is in an earlier entry")] : [];
}

function finding(place: string, reason: string): Finding {
  return { severity: "error", code: "bad-registry", pointer: pointerOf(place), message: `it ${reason}` };
}

function pointerOf(place: string): string {
  return `/container_registries/${place}`;
}

/** What is wrong with the name of a registry, as it stands in front of the names of images. */
export function registryNameFault(name: string): string | undefined {
  return isHostAndPort(name) ? undefined : "is no name of a registry: HOST or HOST:PORT";
}

function isHostAndPort(text: string): boolean {
  const [, bracketed, host, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const isName = bracketed === undefined ? isHost(host ?? "") : parseAddress(bracketed) !== undefined;
  return isName && Number(port ?? 1) >= 1 && Number(port ?? 1) <= 65_535;
}

function urlFault(url: string): string | undefined {
  const [, host = "", path = ""] = /^https?:\/\/([^/]*)(.*)$/.exec(normalUrl(url)) ?? [];
  if (host.includes("@")) return "has credentials in it: they belong into `servers`";
  if (!isHostAndPort(host)) return "is no URL of a server: http(s)://HOST, with :PORT and /PATH if need be";
  const isPath = /^(\/[A-Za-z0-9._~-]+)*$/.test(path) && !path.split("/").includes("..");
  return isPath ? undefined : "has a path with other characters than letters, digits, dots, hyphens and underscores";
}

/** RFC 7617: a colon ends the user name. */
function usernameFault(text: string): string | undefined {
  return text.includes(":") ? "holds a colon, which ends a user name" : controlFault(text);
}

function controlFault(text: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) return "holds a control character";
  return text.length > 4096 ? "is longer than 4096 characters" : undefined;
}

function keyFault(text: string): string | undefined {
  const isKey = /^\s*-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----[^-]+-----END \1-----\s*$/.test(text);
  return isKey ? undefined : "is no private key in PEM";
}
