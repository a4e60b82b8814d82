import type { Configuration, Finding } from "kanod-configure";
import {
  checkCertificates,
  findReferences,
  isReference,
  pointerParts,
  type ReferenceUse,
  type Severity,
} from "kanod-configure";
import type { VaultSettings } from "./settings.ts";

/** What is needed before Vault can be asked (priority 70), or for asking it. */
const neededBefore: ReadonlySet<string> = new Set([
  "network",
  "network_checks",
  "proxy",
  "vault",
  "name",
  "report",
  "boot",
]);

/** Where Vault stands in the order of contributions. */
export const vaultPriority = 70;

/**
 * What can be said about the `vault` section and all references without asking Vault.
 *
 * @param minPriority of the run that is about to begin: without Vault's contribution nothing would be resolved
 */
export function checkVault(
  conf: Configuration & { vault?: VaultSettings },
  now: Date,
  minPriority: number = Number.NEGATIVE_INFINITY,
): Finding[] {
  const { uses, findings } = findReferences(conf);
  const isLeftOut = conf.vault !== undefined && minPriority > vaultPriority;
  const early = uses.filter(({ pointer }) => neededBefore.has(pointerParts(pointer)[0] ?? ""));
  return [
    ...findings,
    ...early.map(({ pointer }) => tooEarly(pointer)),
    ...(isLeftOut ? uses.map(({ pointer }) => leftOut(pointer)) : []),
    ...(conf.vault === undefined ? [] : [...unknownCertificates(uses, conf.vault), ...checkSettings(conf.vault, now)]),
  ];
}

function tooEarly(pointer: string): Finding {
  const [section] = pointerParts(pointer);
  const message = `a value of ${section} cannot come from Vault: it is needed before Vault can be asked`;
  return finding("error", "vault-reference-too-early", pointer, message);
}

function leftOut(pointer: string): Finding {
  const message = "this cannot be resolved in a run that leaves out the contribution Vault";
  const left = finding("error", "vault-left-out", pointer, message);
  return { ...left, hint: `a MIN_PRIORITY of at most ${vaultPriority} runs it` };
}

function unknownCertificates(uses: readonly ReferenceUse[], vault: VaultSettings): Finding[] {
  const names = (vault.certificates ?? []).map(({ name }) => name);
  return uses.flatMap(({ pointer, reference }) => {
    if (!("name" in reference) || names.includes(reference.name)) return [];
    const message = "this refers to a certificate that no entry of vault.certificates has issued";
    const unknown = finding("error", "vault-certificate-unknown", pointer, message);
    return [names.length === 0 ? unknown : { ...unknown, hint: `the names there are ${names.join(", ")}` }];
  });
}

function checkSettings(vault: VaultSettings, now: Date): Finding[] {
  const given = (text: string | undefined): text is string => text !== undefined && !isReference(text);
  return [
    ...(given(vault.ca) ? checkCertificates(vault.ca, "/vault/ca", now) : []),
    ...(given(vault.tpm_auth_ca) ? checkCertificates(vault.tpm_auth_ca, "/vault/tpm_auth_ca", now) : []),
    ...(given(vault.url) ? checkTransport(vault.url, "/vault/url") : []),
    ...(given(vault.tpm_auth) ? checkTransport(vault.tpm_auth, "/vault/tpm_auth") : []),
    ...checkNames((vault.certificates ?? []).map(({ name }) => name)),
  ];
}

function checkNames(names: readonly string[]): Finding[] {
  return names.flatMap((name, index) => {
    if (names.indexOf(name) === index) return [];
    const pointer = `/vault/certificates/${index}/name`;
    return [finding("error", "duplicate-certificate", pointer, "another certificate has this name already")];
  });
}

function checkTransport(url: string, pointer: string): Finding[] {
  if (!URL.canParse(url)) return [finding("error", "bad-url", pointer, "this is no URL")];
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:" || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) return [];
  const message = "without https everybody on the way can read the secrets";
  return [finding("warning", "vault-without-tls", pointer, message)];
}

function finding(severity: Severity, code: string, pointer: string, message: string): Finding {
  return { severity, code, pointer, message };
}
