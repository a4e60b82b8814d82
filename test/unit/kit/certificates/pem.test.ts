import { describe, expect, test } from "vitest";
import { certificateFindings, certificatesOf, checkCertificates } from "../../../../src/kit/certificates/pem.ts";
import { selfSigned } from "../../../support/self-signed.ts";

const one = selfSigned();
const two = selfSigned();
const day = 24 * 3600 * 1000;
const later = new Date(Date.now() + 30 * day);
const earlier = new Date(Date.now() - 30 * day);

function found(pem: string, now = new Date()): [string, string][] {
  return checkCertificates(pem, "/p", now).map(({ severity, code }) => [severity, code]);
}

describe("checkCertificates", () => {
  test.each([
    ["one", one.cert],
    ["several", one.cert + two.cert],
    ["text around it", `Issuer: me\n${one.cert}\nand so on - or not\n`],
    ["Windows lines", one.cert.replaceAll("\n", "\r\n")],
    ["no line end", one.cert.trimEnd()],
    ["the older label", one.cert.replaceAll("CERTIFICATE", "X509 CERTIFICATE")],
  ])("accepts %s", (_name, pem) => {
    expect(found(pem)).toEqual([]);
  });

  test("warns of one that expired or is not valid yet", () => {
    expect(found(one.cert, later)).toEqual([["warning", "certificate-expired"]]);
    expect(found(one.cert + two.cert, later)).toHaveLength(2);
    expect(found(one.cert, earlier)).toEqual([["warning", "certificate-not-yet-valid"]]);
  });

  test.each([
    ["a private key", one.key],
    ["a private key behind a certificate", one.cert + one.key],
    ["the beginning of a private key", `${one.cert}-----BEGIN RSA PRIVATE KEY-----\nabc\n`],
    ["an encrypted key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nabc\n-----END ENCRYPTED PRIVATE KEY-----\n"],
  ])("refuses %s without repeating it", (_name, pem) => {
    const [finding] = checkCertificates(pem, "/p", new Date());
    expect(finding).toMatchObject({ severity: "error", code: "private-key-in-certificate", pointer: "/p" });
    expect(JSON.stringify(finding)).not.toContain(one.key.split("\n")[1]);
  });

  test.each([
    ["nothing", ""],
    ["text", "hello"],
    ["no end", one.cert.replace(/-----END.*/s, "")],
    ["a second without end", one.cert + one.cert.replace(/-----END.*/s, "")],
    ["joined lines", one.cert.replaceAll("\n", " ")],
    ["base64 damaged", one.cert.replace(/\n[A-Za-z0-9+/]{20}/, "\nAAAAAAAAAAAAAAAAAAAA")],
    ["another kind", "-----BEGIN PUBLIC KEY-----\nabcd\n-----END PUBLIC KEY-----\n"],
    ["a request", `${one.cert}-----BEGIN CERTIFICATE REQUEST-----\nabcd\n-----END CERTIFICATE REQUEST-----\n`],
  ])("refuses %s", (_name, pem) => {
    expect(found(pem)).toEqual([["error", "bad-certificate"]]);
  });
});

test("certificatesOf gives each by itself", () => {
  expect(certificatesOf(`text\n${one.cert}${two.cert.replaceAll("\n", "\r\n")}text`)).toEqual([one.cert, two.cert]);
  expect(certificatesOf("none")).toEqual([]);
});

test("certificateFindings leaves references to Vault alone", () => {
  const findings = certificateFindings({ good: one.cert, "a/b": "bad", later: "@vault:ca" }, new Date());
  expect(findings.map(({ pointer, code }) => [pointer, code])).toEqual([["/certificates/a~1b", "bad-certificate"]]);
});
