import { describe, expect, test } from "vitest";
import type { Configuration } from "../../../src/agent/contribution.ts";
import type { Finding } from "../../../src/config/problem.ts";
import { checkVaultSection } from "../../../src/kit/references/resolve.ts";
import { selfSigned } from "../../../test/support/self-signed.ts";
import { checkVault } from "../kanod/vault/check.ts";

const vault = {
  url: "https://vault.example.com:8200",
  role: "node-1",
  role_id: "id",
  secret_id: "secret",
  certificates: [{ name: "node-1.example.com" }],
};
const reference = "@vault:kv2:a:b";

const codes = (findings: readonly Finding[]): string[][] => findings.map(({ pointer, code }) => [pointer, code]);
const check = (conf: object, minPriority?: number): string[][] => {
  return codes(checkVault(conf as Parameters<typeof checkVault>[0], new Date(), minPriority));
};

describe("checkVault", () => {
  test("has nothing against a sound configuration", () => {
    const conf = { name: "n", vault: { ...vault, ca: selfSigned().cert }, admin: { passwd: reference } };
    expect(check(conf)).toEqual([]);
    expect(check(conf, 70)).toEqual([]);
    expect(check({ name: "n" })).toEqual([]);
  });

  test.each([
    [
      "network",
      { network: { ethernets: { eth0: { addresses: [reference] } } } },
      "/network/ethernets/eth0/addresses/0",
    ],
    ["network_checks", { network_checks: [{ http: reference }] }, "/network_checks/0/http"],
    ["proxy", { proxy: { http: reference } }, "/proxy/http"],
    ["name", { name: reference }, "/name"],
    ["report", { report: { token: reference } }, "/report/token"],
    ["boot", { boot: { grub: reference } }, "/boot/grub"],
  ])("refuses a reference in %s, which is needed before Vault", (_name, section, pointer) => {
    expect(check({ name: "n", vault, ...section })).toEqual([[pointer, "vault-reference-too-early"]]);
  });

  test("refuses references in the vault section itself", () => {
    const found = check({ name: "n", vault: { ...vault, secret_id: reference, url: "@vault:ca", ca: "@vault:ca" } });
    expect(found.map(([, code]) => code)).toEqual(Array(3).fill("vault-reference-too-early"));
  });

  test.each(["pki-key", "pki-cert", "pki-ca-chain", "pki-chain"])("knows the certificates of %s", (part) => {
    const conf = { name: "n", vault, tls: [`@vault:${part}:node-1.example.com`, `@vault:${part}:node-2.example.com`] };
    expect(check(conf)).toEqual([["/tls/1", "vault-certificate-unknown"]]);
  });

  test("looks into YAML", () => {
    const conf = { name: "n", vault, doc: "@vault:yaml:key: '@vault:pki-key:other'\n" };
    expect(check(conf)).toEqual([["/doc", "vault-certificate-unknown"]]);
  });

  test("refuses a run that leaves Vault out although something refers to it", () => {
    const conf = { name: "n", vault, admin: { passwd: reference } };
    expect(check(conf, 71)).toEqual([["/admin/passwd", "vault-left-out"]]);
    expect(check({ name: "n", vault }, 71)).toEqual([]);
  });

  test.each([
    ["ca", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n", "private-key-in-certificate"],
    ["ca", "no certificate", "bad-certificate"],
    ["tpm_auth_ca", "no certificate", "bad-certificate"],
    ["url", "http://vault.example.com:8200", "vault-without-tls"],
    ["tpm_auth", "http://192.0.2.1/", "vault-without-tls"],
    ["url", "http://[x", "bad-url"],
  ])("looks at %s: %j", (key, value, code) => {
    expect(check({ name: "n", vault: { ...vault, [key]: value } })).toEqual([[`/vault/${key}`, code]]);
  });

  test.each(["http://127.0.0.1:8200", "http://localhost:8200", "http://[::1]:8200"])(
    "has nothing against %s",
    (url) => {
      expect(check({ name: "n", vault: { ...vault, url } })).toEqual([]);
    },
  );

  test("refuses two certificates of one name", () => {
    const certificates = [{ name: "a" }, { name: "b" }, { name: "a" }];
    expect(check({ name: "n", vault: { ...vault, certificates } })).toEqual([
      ["/vault/certificates/2/name", "duplicate-certificate"],
    ]);
  });
});

describe("checkVaultSection", () => {
  test("refuses references where there is no Vault to ask", () => {
    const conf = { name: "n", admin: { passwd: reference, keys: ["plain"] } };
    expect(codes(checkVaultSection(conf as unknown as Configuration))).toEqual([
      ["/admin/passwd", "vault-section-missing"],
    ]);
    expect(checkVaultSection({ ...conf, vault } as unknown as Configuration)).toEqual([]);
  });
});
