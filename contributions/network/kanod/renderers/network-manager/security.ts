import type { Settings } from "../../model/settings.ts";
import { type KeyfileJob, refuse } from "./job.ts";
import { keyfileText } from "./keyfile.ts";

const identityKeys = [
  ["identity", "identity"],
  ["anonymous-identity", "anonymous-identity"],
  ["ca-certificate", "ca-cert"],
  ["client-certificate", "client-cert"],
  ["client-key", "private-key"],
  ["client-key-password", "private-key-password"],
  ["phase2-auth", "phase2-auth"],
] as const;

/** Section [802-1x]. `password` is left out where it is a pre-shared key. Source: nm-settings-keyfile(5). */
export function addAuthentication(job: KeyfileJob, auth: Settings | undefined, withPassword = true): void {
  if (auth === undefined) return;
  auth.raw("key-management");
  const section = job.file.section("802-1x");
  const method = auth.text("method");
  if ((method === "ttls" || method === "peap") && !auth.has("phase2-auth")) {
    refuse(job, auth.at("method"), `with ${method} it needs phase2-auth`);
  }
  section.add("eap", method === undefined ? undefined : `${method};`);
  for (const [key, name] of identityKeys) {
    const text = auth.text(key);
    if (text !== undefined) section.add(name, key === "phase2-auth" ? text.toLowerCase() : keyfileText(text));
  }
  const password = auth.text("password");
  if (!withPassword || password === undefined) return;
  if (password.startsWith("hash:")) refuse(job, auth.at("password"), "it takes the password itself, not its hash");
  else section.add("password", keyfileText(password));
}

const keyManagement: Readonly<Record<string, string>> = {
  psk: "wpa-psk",
  "psk-sha256": "wpa-psk",
  eap: "wpa-eap",
  "eap-sha256": "wpa-eap",
  "eap-suite-b-192": "wpa-eap-suite-b-192",
  sae: "sae",
  "802.1x": "ieee8021x",
};

/** Section [wifi-security] of one Wi-Fi network; an open one has none. */
export function addWirelessSecurity(job: KeyfileJob, point: Settings, inherited: Settings | undefined): void {
  const own = point.text("password");
  const auth = point.section("auth") ?? (own === undefined ? inherited : undefined);
  const management = auth?.text("key-management") ?? (own === undefined ? "none" : "psk");
  const name = keyManagement[management];
  if (name === undefined) return;
  const section = job.file.section("wifi-security");
  section.add("key-mgmt", name);
  const isShared = ["psk", "psk-sha256", "sae"].includes(management);
  const psk = own ?? (isShared ? auth?.text("password") : undefined);
  if (psk !== undefined) section.add("psk", keyfileText(psk));
  // Management frames are protected where the key management asks for it. Source: NMSettingWirelessSecurityPmf.
  if (management === "sae" || management === "eap-sha256" || management === "eap-suite-b-192") section.add("pmf", 3);
  const hasEap = !isShared || auth?.has("method") === true;
  if (hasEap) addAuthentication(job, auth, !isShared);
  else if (auth !== undefined) for (const key of auth.keys()) if (key !== "password") checkUnused(job, auth, key);
}

function checkUnused(job: KeyfileJob, auth: Settings, key: string): void {
  auth.raw(key);
  if (key !== "key-management") refuse(job, auth.at(key), "it needs `method`");
}
