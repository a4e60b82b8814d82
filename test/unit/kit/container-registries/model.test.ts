import { describe, expect, test } from "vitest";
import { registryModel } from "../../../../src/kit/container-registries/model.ts";
import {
  publicRegistries,
  translateDeprecated,
  withNexus,
} from "../../../../src/kit/container-registries/normalize.ts";

const summary = (settings: Parameters<typeof registryModel>[0]) =>
  registryModel(settings).registries.map(({ name, server, mirrors }) => [
    name,
    server.url,
    ...mirrors.map(({ url }) => url),
  ]);

describe("the model", () => {
  test("knows what docker.io stands for, and takes other names for their servers", () => {
    expect(summary({ map: [{ name: "docker.io" }, { name: "quay.io" }] })).toEqual([
      ["docker.io", "https://registry-1.docker.io"],
      ["quay.io", "https://quay.io"],
    ]);
  });

  test("finds a server by its URL, but for a slash at the end and a scheme that is understood", () => {
    const servers = [{ url: "https://mirror.example.com/", username: "u", password: "p", insecure: true }];
    const map = [{ name: "docker.io", mirrors: ["mirror.example.com", "https://mirror.example.com:5000"] }];
    const [registry] = registryModel({ map, servers }).registries;
    expect(registry?.mirrors).toMatchObject([
      { url: "https://mirror.example.com", insecure: true, credentials: { username: "u", password: "p" } },
      { host: "mirror.example.com:5000", insecure: false, credentials: undefined },
    ]);
  });

  test("asks each mirror once, its own before the default ones, and never the server itself", () => {
    const map = [{ name: "quay.io", mirrors: ["https://m/", "https://M", "https://quay.io"] }];
    const default_mirrors = ["https://other", "m", "https://other/"];
    expect(summary({ map, default_mirrors })).toEqual([["quay.io", "https://quay.io", "https://m", "https://other"]]);
    expect(registryModel({ default_mirrors }).defaultMirrors.map(({ url }) => url)).toEqual([
      "https://other",
      "https://m",
    ]);
  });

  test("has one registry for each name", () => {
    const servers = [{ url: "http://a" }, { url: "https://a" }];
    expect(summary({ servers })).toEqual([["a", "http://a"]]);
  });

  test.each(["docker.io", "https://docker.io/", "https://index.docker.io/v1/", "https://REGISTRY-1.docker.io"])(
    "knows %s as the server of docker.io",
    (url) => {
      expect(summary({ map: [{ name: "docker.io", mirrors: [url] }], servers: [{ url }] })).toEqual([
        ["docker.io", "https://registry-1.docker.io"],
      ]);
    },
  );

  test("takes http for insecure, and keeps paths apart from hosts", () => {
    const [registry] = registryModel({ map: [{ name: "a", server: "http://b:5000/c/d" }] }).registries;
    expect(registry?.server).toMatchObject({ host: "b:5000", path: "/c/d", insecure: true });
  });

  test("makes a registry of each server by its host, unless the host is one already or the server is a part of it", () => {
    const map = [
      { name: "docker.io", mirrors: ["https://mirror"] },
      { name: "known", server: "https://elsewhere" },
    ];
    const urls = ["https://mirror", "https://registry-1.docker.io", "https://known", "https://host/path"];
    expect(summary({ map, servers: urls.map((url) => ({ url })) })).toEqual([
      ["docker.io", "https://registry-1.docker.io", "https://mirror"],
      ["known", "https://elsewhere"],
      ["mirror", "https://mirror"],
    ]);
    expect(summary({ servers: [{ url: "https://registry-1.docker.io" }] })).toEqual([
      ["docker.io", "https://registry-1.docker.io"],
    ]);
  });

  test("of nothing is empty", () => {
    expect(registryModel(undefined)).toEqual({ registries: [], defaultMirrors: [], servers: [] });
  });
});

describe("the deprecated section", () => {
  test("is translated", () => {
    const old = {
      insecure_registries: ["old.example.com:5000"],
      registry_mirrors: ["https://mirror.example.com"],
      auths: [{ repository: "private.example.com", username: "u", password: "p" }],
    };
    expect(translateDeprecated(undefined, old)).toEqual({
      map: [
        {
          name: "old.example.com:5000",
          server: "http://old.example.com:5000",
          mirrors: ["https://old.example.com:5000"],
        },
      ],
      servers: [
        { url: "https://old.example.com:5000", insecure: true },
        { url: "https://private.example.com", username: "u", password: "p" },
      ],
      default_mirrors: ["https://mirror.example.com"],
    });
  });

  test("is joined with what the new one says, which is not changed", () => {
    const settings = { servers: [{ url: "https://a/", ca: "PEM" }], default_mirrors: ["https://first"] };
    const old = { auths: [{ repository: "a", username: "u" }], registry_mirrors: ["https://second"] };
    const before = structuredClone(settings);
    expect(translateDeprecated(settings, old)).toEqual({
      servers: [{ url: "https://a/", ca: "PEM", username: "u" }],
      default_mirrors: ["https://first", "https://second"],
    });
    expect(settings).toEqual(before);
  });
});

test("the deprecated section may name docker.io in any way", () => {
  for (const repository of ["docker.io", "https://index.docker.io/v1/"]) {
    const { servers } = translateDeprecated({}, { auths: [{ repository, username: "u", password: "p" }] });
    expect(servers).toEqual([{ url: "https://registry-1.docker.io", username: "u", password: "p" }]);
  }
});

describe("a Nexus", () => {
  test("is the first mirror of the seven public registries", () => {
    const settings = { map: [{ name: "quay.io", mirrors: ["https://other"] }] };
    const result = withNexus(settings, { docker: "nexus:8443", certificate: "PEM" });
    expect(result.servers).toEqual([{ url: "https://nexus:8443", ca: "PEM" }]);
    expect(result.map?.map(({ name }) => name).toSorted()).toEqual(publicRegistries);
    expect(result.map?.find(({ name }) => name === "quay.io")?.mirrors).toEqual([
      "https://nexus:8443",
      "https://other",
    ]);
    expect(result.map?.find(({ name }) => name === "docker.io")).toEqual({
      name: "docker.io",
      mirrors: ["https://nexus:8443"],
      implied: true,
    });
    expect(withNexus(result, { docker: "nexus:8443", certificate: "PEM" })).toEqual(result);
  });

  test("that is insecure speaks http", () => {
    expect(withNexus(undefined, { docker: "nexus:8080", insecure: true }).servers).toEqual([
      { url: "http://nexus:8080", insecure: true },
    ]);
  });

  test("without a docker registry changes nothing", () => {
    expect(withNexus(undefined, { maven: "https://nexus/maven" })).toEqual({});
  });
});
