import { parseMac } from "kanod-configure";
import type { Settings } from "../../model/settings.ts";
import type { IniSection } from "../ini.ts";
import { type KeyfileJob, refuse } from "./job.ts";
import { keyfileText } from "./keyfile.ts";
import { addWirelessSecurity } from "./security.ts";

/** Bits of `wake-on-wlan`. Source: NMSettingWirelessWakeOnWLan. */
const wakeFlags: Readonly<Record<string, number>> = {
  default: 0x1,
  any: 0x2,
  disconnect: 0x4,
  magic_pkt: 0x8,
  gtk_rekey_failure: 0x10,
  eap_identity_req: 0x20,
  four_way_handshake: 0x40,
  rfkill_release: 0x80,
  tcp: 0x100,
};

/** What all networks of a Wi-Fi interface have in common. */
export function addWirelessDevice({ settings }: KeyfileJob, section: IniSection): void {
  const flags = settings.texts("wakeonwlan");
  if (flags.length > 0)
    section.add(
      "wake-on-wlan",
      flags.reduce((sum, flag) => sum | (wakeFlags[flag] ?? 0), 0),
    );
}

/** One network: a connection of its own. Source: nm-settings-keyfile(5), section [wifi]. */
export function addAccessPoint(job: KeyfileJob, ssid: string, point: Settings): void {
  const section = job.file.section("wifi");
  const band = point.text("band");
  section.add("ssid", ssidValue(ssid));
  section.add("mode", point.text("mode") ?? "infrastructure");
  const bssid = point.text("bssid");
  section.add("bssid", bssid === undefined ? undefined : parseMac(bssid)?.toUpperCase());
  if (point.flag("hidden") === true) section.add("hidden", "true");
  section.add("band", band === undefined ? undefined : band.startsWith("5") ? "a" : "bg");
  section.add("channel", point.number("channel"));
  addWirelessSecurity(job, point, job.settings.section("auth"));
}

/** A text, or its bytes where the keyfile would read the text as something else. */
function ssidValue(ssid: string): string {
  if (/^[\x20-\x7e]+$/.test(ssid) && !ssid.includes(";")) return keyfileText(ssid);
  return [...Buffer.from(ssid)].map((byte) => `${byte};`).join("");
}

/** Sections [gsm] and [cdma]. */
export function addModem(job: KeyfileJob, section: IniSection): void {
  const { settings } = job;
  const account = ["apn", "username", "password"].filter((key) => settings.has(key));
  if (settings.flag("auto-config") === true || (account.length === 0 && section.name === "gsm")) {
    section.add("auto-config", "true");
    for (const key of account) refuse(job, settings.at(key), "auto-config looks it up");
  }
  for (const key of [
    "apn",
    "username",
    "password",
    "device-id",
    "network-id",
    "number",
    "pin",
    "sim-id",
    "sim-operator-id",
  ]) {
    const value = settings.raw(key);
    if (typeof value === "number" && !Number.isSafeInteger(value)) refuse(job, settings.at(key), "it must be quoted");
    else if (value !== undefined) section.add(key, keyfileText(String(value)));
  }
}
