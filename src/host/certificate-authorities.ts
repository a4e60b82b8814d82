import type { Files } from "./files.ts";

/** Where Debian, Red Hat and SUSE (their derivatives too) keep the certificate authorities that the system trusts. */
const bundles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"];

/** The authorities that the tree's system trusts, PEM; undefined for those that come with the runtime. */
export async function certificateAuthorities(files: Files, isMachine: boolean): Promise<string | string[] | undefined> {
  for (const bundle of bundles) {
    const text = files.read(bundle)?.toString("utf8");
    if (text?.includes("-----BEGIN CERTIFICATE-----")) return text;
  }
  if (!isMachine) return undefined;
  // Not there before Node 22.15.
  const { getCACertificates } = await import(/* webpackMode: "eager" */ "node:tls");
  const authorities = getCACertificates?.("system") ?? [];
  return authorities.length > 0 ? authorities : undefined;
}
