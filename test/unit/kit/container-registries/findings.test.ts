import { expect, test } from "vitest";
import { registryFindings } from "../../../../src/kit/container-registries/findings.ts";
import type { RegistrySettings } from "../../../../src/kit/container-registries/model.ts";

const now = new Date("2026-11-21T00:00:00Z");
const key = "-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----\n";

test("what is right has no findings", () => {
  const settings: RegistrySettings = {
    map: [
      {
        name: "docker.io",
        server: "https://registry-1.docker.io",
        mirrors: ["mirror.example.com:5000/v2/hub", "http://[::1]:5000"],
      },
      { name: "[2001:db8::1]:5000" },
    ],
    servers: [
      { url: "https://mirror.example.com", username: "u", password: `p:'";$(x)é` },
      {
        url: "https://other.example.com",
        ca: "@vault:ca",
        client_cert: "@vault:pki-cert:x",
        client_key: key,
        password: "@vault:x",
        username: "u",
      },
    ],
    default_mirrors: ["https://mirror.example.com/"],
  };
  expect(registryFindings(settings, now)).toEqual([]);
  expect(registryFindings(undefined, now)).toEqual([]);
});

test.each<[string, RegistrySettings, string]>([
  ["a path in a name", { map: [{ name: "../../etc" }] }, "map/0/name"],
  ["a slash in a name", { map: [{ name: "docker.io/library" }] }, "map/0/name"],
  ["a line feed in a name", { map: [{ name: "a\nb" }] }, "map/0/name"],
  ["no port", { map: [{ name: "a:99999" }] }, "map/0/name"],
  ["another scheme", { map: [{ name: "a", server: "ftp://x" }] }, "map/0/server"],
  ["credentials in a URL", { map: [{ name: "a", mirrors: ["https://u:p@b"] }] }, "map/0/mirrors/0"],
  ["a quote in a URL", { map: [{ name: "a", mirrors: ['https://b/"x'] }] }, "map/0/mirrors/0"],
  ["a path that climbs", { map: [{ name: "a", server: "https://b/../c" }] }, "map/0/server"],
  ["a query in a URL", { default_mirrors: ["https://b?x=1"] }, "default_mirrors/0"],
  ["10,000 characters", { default_mirrors: [`https://${"x".repeat(10_000)}`] }, "default_mirrors/0"],
  ["a name twice", { map: [{ name: "a" }, { name: "a" }] }, "map/1/name"],
  ["a server twice", { servers: [{ url: "a" }, { url: "https://a/" }] }, "servers/1/url"],
  ["a colon in a user", { servers: [{ url: "a", username: "u:x" }] }, "servers/0/username"],
  ["a line feed in a password", { servers: [{ url: "a", username: "u", password: "p\nx" }] }, "servers/0/password"],
  ["a password without user", { servers: [{ url: "a", password: "p" }] }, "servers/0/password"],
  ["no certificate", { servers: [{ url: "a", ca: "hello" }] }, "servers/0/ca"],
  ["a key where a certificate should be", { servers: [{ url: "a", ca: key }] }, "servers/0/ca"],
  ["a client certificate without key", { servers: [{ url: "a", client_cert: "@vault:pki-cert:x" }] }, "servers/0/url"],
  ["no key", { servers: [{ url: "a", client_cert: "@vault:pki-cert:x", client_key: "x" }] }, "servers/0/client_key"],
])("%s is found", (_, settings, place) => {
  const found = registryFindings(settings, now).filter(({ severity }) => severity === "error");
  expect(found.map(({ pointer }) => pointer)).toEqual([`/container_registries/${place}`]);
});

test.each<[string, RegistrySettings, string]>([
  ["docker.io as its own mirror", { map: [{ name: "docker.io", mirrors: ["https://docker.io"] }] }, "map/0/mirrors/0"],
  [
    "two accounts of one host",
    {
      servers: [
        { url: "https://harbor/hub", username: "u", password: "one" },
        { url: "https://harbor/quay", username: "u", password: "two" },
      ],
    },
    "servers/1/url",
  ],
])("%s is warned of", (_, settings, place) => {
  const expected = { severity: "warning", code: "bad-registry", pointer: `/container_registries/${place}` };
  expect(registryFindings(settings, now)).toMatchObject([expected]);
});
