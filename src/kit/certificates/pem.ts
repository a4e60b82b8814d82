import { X509Certificate } from "node:crypto";
import type { Finding } from "../../config/problem.ts";
import { jsonPointer, type Severity } from "../../config/problem.ts";
import { isReference } from "../findings.ts";

/** One block of PEM (RFC 7468). */
interface PemBlock {
  label: string;
  /** With its first and last line, without a line end after it. */
  text: string;
}

const block = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g;

/** The certificates in a PEM text, each by itself, with one line end. Text around them (RFC 7468, section 2) is left out. */
export function certificatesOf(pem: string): string[] {
  return pemBlocks(pem)
    .filter(({ label }) => isCertificate(label))
    .map(({ text }) => `${text.replaceAll("\r\n", "\n").replaceAll("X509 CERTIFICATE", "CERTIFICATE")}\n`);
}

/**
 * What is wrong with a text that is meant to hold certificates for everybody to see.
 *
 * @param pointer of the text in the configuration
 */
export function checkCertificates(pem: string, pointer: string, now: Date): Finding[] {
  const blocks = pemBlocks(pem);
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(pem)) {
    const hint = "certificates are readable by everybody on the machine; the key in here must be replaced now";
    return [{ ...finding("error", "private-key-in-certificate", pointer, "this holds a private key"), hint }];
  }
  const foreign = blocks.find(({ label }) => !isCertificate(label));
  if (foreign !== undefined) {
    return [finding("error", "bad-certificate", pointer, `this holds a ${foreign.label} besides certificates`)];
  }
  const begins = pem.match(/-----BEGIN /g)?.length ?? 0;
  if (blocks.length === 0 || begins !== blocks.length) {
    const hint = "it begins with -----BEGIN CERTIFICATE-----, and a YAML block scalar (|) keeps its lines";
    return [{ ...finding("error", "bad-certificate", pointer, "this is no certificate in PEM"), hint }];
  }
  return blocks.flatMap(({ text }, index) => checkCertificate(text, index, blocks.length, pointer, now));
}

function checkCertificate(text: string, index: number, count: number, pointer: string, now: Date): Finding[] {
  const which = count === 1 ? "the certificate" : `certificate ${index + 1} of ${count}`;
  let validTo: string;
  let validFrom: string;
  try {
    ({ validTo, validFrom } = new X509Certificate(text));
  } catch {
    return [finding("error", "bad-certificate", pointer, `${which} cannot be read as X.509`)];
  }
  const until = new Date(validTo);
  if (until.getTime() < now.getTime()) {
    return [finding("warning", "certificate-expired", pointer, `${which} expired on ${day(until)}`)];
  }
  const from = new Date(validFrom);
  if (from.getTime() <= now.getTime()) return [];
  return [finding("warning", "certificate-not-yet-valid", pointer, `${which} is valid from ${day(from)} on`)];
}

function finding(severity: Severity, code: string, pointer: string, message: string): Finding {
  return { severity, code, pointer, message };
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function pemBlocks(pem: string): PemBlock[] {
  return [...pem.matchAll(block)].map(([text, label = ""]) => ({ label, text }));
}

/** RFC 7468 names the first, and the second as one that older software writes. */
function isCertificate(label: string): boolean {
  return label === "CERTIFICATE" || label === "X509 CERTIFICATE";
}

/** {@link checkCertificates} for the section `certificates`. References to Vault are left out. */
export function certificateFindings(certificates: Readonly<Record<string, string>>, now: Date): Finding[] {
  return Object.entries(certificates).flatMap(([name, pem]) =>
    isReference(pem) ? [] : checkCertificates(pem, jsonPointer(["certificates", name]), now),
  );
}
