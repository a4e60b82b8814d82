import type { Finding } from "kanod-configure";
import { parseMac } from "kanod-configure";
import { settingsOf } from "../model/network.ts";
import type { Settings } from "../model/settings.ts";
import { error, type Rule } from "./context.ts";

/** Keys of Wi-Fi networks and of 802.1X. No value is quoted in a message. */
export const authentication: Rule = ({ network }) =>
  network.devices.flatMap((device) => {
    if (device.kind !== "wifis") return [];
    const settings = settingsOf(device);
    const accessPoints = settings.section("access-points");
    return (accessPoints?.keys() ?? []).flatMap((ssid) => {
      const point = accessPoints?.section(ssid);
      return point === undefined ? [] : [...passphrase(point), ...radio(point)];
    });
  });

/** Source: IEEE 802.11i, as wpa_supplicant.conf(5) reads it. */
function passphrase(point: Settings): Finding[] {
  const auth = point.section("auth");
  const management = auth?.text("key-management") ?? "psk";
  const own = point.text("password");
  const text = own ?? (["psk", "psk-sha256"].includes(management) ? auth?.text("password") : undefined);
  if (text === undefined || (text.length >= 8 && text.length <= 63) || /^[0-9a-f]{64}$/i.test(text)) return [];
  const at = own === undefined ? `${auth?.at("password")}` : point.at("password");
  return [error("bad-passphrase", at, "a pre-shared key has 8 to 63 characters, or 64 hexadecimal digits")];
}

function radio(point: Settings): Finding[] {
  const bssid = point.text("bssid");
  return [
    ...(bssid === undefined || parseMac(bssid) !== undefined
      ? []
      : [error("bad-mac-address", point.at("bssid"), "this is no MAC address")]),
    ...(point.has("channel") && !point.has("band")
      ? [error("channel-without-band", point.at("channel"), "`channel` needs `band`", { atKey: true })]
      : []),
  ];
}
