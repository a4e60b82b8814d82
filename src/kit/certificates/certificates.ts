import { createHash } from "node:crypto";
import { AgentError } from "../../config/agent-error.ts";
import type { Host } from "../../host/host.ts";
import { certificatesOf } from "./pem.ts";

/** Where a distribution wants certificate authorities of the administrator, and the command that takes them in. */
interface TrustStore {
  folder: string;
  update: readonly string[];
}

/** update-ca-certificates(8) of Debian and SUSE, update-ca-trust(8); the first whose folder exists is taken. */
const trustStores: readonly TrustStore[] = [
  { folder: "/usr/local/share/ca-certificates", update: ["update-ca-certificates"] },
  { folder: "/etc/pki/ca-trust/source/anchors", update: ["update-ca-trust", "extract"] },
  { folder: "/etc/pki/trust/anchors", update: ["update-ca-certificates"] },
];

/** What of our files the system has taken in. */
const stampPath = "/var/lib/kanod-configure/trusted-certificates";

/** Our files, and no others, are removed when the configuration no longer has them. */
const ours = /^kanod-(?:cert-.*|vault-ca)(?:\+\d+)?\.crt$/;

/** Names of certificates become names of files. */
export const certificateName: RegExp = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** The part of a configuration that certificates come from. */
export interface CertificateSource {
  /** PEM by name. */
  certificates?: Readonly<Record<string, string>> | undefined;
  vault?: { ca?: string | undefined } | undefined;
}

/**
 * Makes the machine trust the certificates of a configuration: files in the folder of its distribution, then its update
 * command, which is run only when something changed. Earlier ones of ours that are no longer wanted are removed. Those
 * for which `isLater` says so (a reference that is not resolved yet) are left as they are.
 *
 * @throws AgentError `no-trust-store` where the distribution's package for it is missing
 */
export async function trustCertificates(
  host: Host,
  source: CertificateSource,
  isLater: (pem: string) => boolean = () => false,
): Promise<void> {
  const store = await findTrustStore(host);
  const pems = Object.entries(pemsByStem(source));
  if (store === undefined) {
    if (pems.length === 0) return;
    throw new AgentError("no-trust-store", "this system has no folder for certificate authorities", {
      hint: "install the package ca-certificates in the image",
    });
  }
  const later = new Set(pems.filter(([, pem]) => isLater(pem)).map(([stem]) => stem));
  const wanted = new Map(pems.filter(([stem]) => !later.has(stem)).flatMap(([stem, pem]) => filesOf(stem, pem)));
  await removeStale(host, store, (file) => wanted.has(file) || later.has(file.replace(/(?:\+\d+)?\.crt$/, "")));
  for (const [file, pem] of wanted) await host.writeFile(`${store.folder}/${file}`, pem, { mode: 0o644 });
  await update(host, store);
}

async function findTrustStore(host: Host): Promise<TrustStore | undefined> {
  for (const store of trustStores) {
    if ((await host.stat(store.folder))?.kind === "directory") return store;
  }
  return undefined;
}

function pemsByStem({ certificates, vault }: CertificateSource): Record<string, string> {
  const stems = Object.entries(certificates ?? {}).map(([name, pem]) => {
    if (!certificateName.test(name)) throw new AgentError("bad-certificate-name", "a certificate has no usable name");
    return [`kanod-cert-${name}`, pem];
  });
  if (vault?.ca !== undefined) stems.push(["kanod-vault-ca", vault.ca]);
  return Object.fromEntries(stems);
}

/** One file for each certificate: Debian's c_rehash(1) leaves out a file that holds several. */
function filesOf(stem: string, pem: string): [string, string][] {
  return certificatesOf(pem).map((text, index) => [index === 0 ? `${stem}.crt` : `${stem}+${index + 1}.crt`, text]);
}

async function removeStale(host: Host, store: TrustStore, isWanted: (file: string) => boolean): Promise<void> {
  for (const file of (await host.list(store.folder)) ?? []) {
    if (ours.test(file) && !isWanted(file)) await host.remove(`${store.folder}/${file}`);
  }
}

async function update(host: Host, store: TrustStore): Promise<void> {
  const files = ((await host.list(store.folder)) ?? []).filter((file) => ours.test(file));
  const before = await host.readFile(stampPath);
  if (files.length === 0 && before === undefined) return;
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\0${await host.readFile(`${store.folder}/${file}`)}\0`);
  // The stamp is written after the update, so that an interrupted run is made good by the next one.
  const stamp = `${hash.digest("hex")}\n`;
  if (stamp === before) return;
  await host.run(store.update, { onTree: "chroot", why: "make the certificate authorities known" });
  await host.writeFile(stampPath, stamp, { mode: 0o644 });
}

/**
 * Writes the certificates of a configuration, and `vault.ca` as `vault`, into a folder of its own: for software that does
 * not use the system's. Returns whether a file changed.
 *
 * @param suffix of the files, such as `.crt`
 */
export async function setupCertificates(
  host: Host,
  conf: CertificateSource,
  folder: string,
  suffix = "",
): Promise<boolean> {
  await host.makeDirectory(folder);
  const named = { ...conf.certificates, ...(conf.vault?.ca === undefined ? {} : { vault: conf.vault.ca }) };
  let changed = false;
  for (const [name, pem] of Object.entries(named)) {
    if (!certificateName.test(name)) throw new AgentError("bad-certificate-name", "a certificate has no usable name");
    const change = await host.writeFile(`${folder}/${name}${suffix}`, pem.endsWith("\n") ? pem : `${pem}\n`);
    changed ||= change !== "same";
  }
  return changed;
}
