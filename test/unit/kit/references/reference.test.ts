import { describe, expect, test } from "vitest";
import { holdsReference, MalformedReference, parseReference } from "../../../../src/kit/references/reference.ts";

describe("parseReference", () => {
  test.each([
    ["@vault:kv1:db:password", { kind: "kv1", path: "db", key: "password" }],
    ["@vault:kv2:apps/web/db:pass word", { kind: "kv2", path: "apps/web/db", key: "pass word" }],
    ["@vault:kv2:db:urn:x:y", { kind: "kv2", path: "db", key: "urn:x:y" }],
    ["@vault:pki-key:n.example.com", { kind: "pki-key", name: "n.example.com" }],
    ["@vault:pki-cert:n", { kind: "pki-cert", name: "n" }],
    ["@vault:pki-ca-chain:n", { kind: "pki-ca-chain", name: "n" }],
    ["@vault:pki-chain:n", { kind: "pki-chain", name: "n" }],
    ["@vault:ca", { kind: "ca" }],
    ["@vault:yaml:", { kind: "yaml", document: "" }],
    ["@vault:yaml:a: 1\nb: '@vault:ca'\n", { kind: "yaml", document: "a: 1\nb: '@vault:ca'\n" }],
  ])("reads %j", (text, reference) => {
    expect(parseReference(text)).toEqual(reference);
  });

  test.each([
    "@vault:",
    "@vault:kv",
    "@vault:kv3:a:b",
    "@vault:KV2:a:b",
    "@vault:kv2",
    "@vault:kv2:",
    "@vault:kv2:path",
    "@vault:kv2:path:",
    "@vault:kv2::key",
    "@vault:kv2:/a:key",
    "@vault:kv2:a/:key",
    "@vault:kv2:a//b:key",
    "@vault:kv2:../other:key",
    "@vault:kv2:a/../../b:key",
    "@vault:kv2:a/./b:key",
    "@vault:kv2:a:b\n",
    "@vault:kv2: a:b",
    "@vault:kv2:a:b ",
    "@vault:kv1:a\u0000b:c",
    "@vault:pki-key:",
    "@vault:pki-key",
    "@vault:ca:x",
    "@vault:__proto__:a:b",
  ])("refuses %j without repeating it", (text) => {
    const failure = (() => {
      try {
        return parseReference(text);
      } catch (error) {
        return error;
      }
    })();
    expect(failure).toBeInstanceOf(MalformedReference);
    expect((failure as MalformedReference).code).toBe("vault-reference-malformed");
    expect((failure as MalformedReference).message).not.toContain("other");
  });
});

test.each([
  ["password=@vault:kv2:db:password", true],
  [" @vault:ca", true],
  ["see @vault:ca.", false],
  ["ca is @vault:ca", true],
  ["@vault:yaml in the middle: @vault:yaml:x", true],
  ["https://admin@vault:8200/", false],
  ["scp node@vault:/etc/x .", false],
  ["vault:kv2:a:b", false],
])("holdsReference(%j) is %j", (text, expected) => {
  expect(holdsReference(text)).toBe(expected);
});
