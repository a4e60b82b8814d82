import { findDevice } from "../../model/find-device.ts";
import { fileHeader, IniFile } from "../ini.ts";
import type { NetworkdJob } from "./job.ts";

const offloads = [
  ["receive-checksum-offload", "ReceiveChecksumOffload"],
  ["transmit-checksum-offload", "TransmitChecksumOffload"],
  ["tcp-segmentation-offload", "TCPSegmentationOffload"],
  ["tcp6-segmentation-offload", "TCP6SegmentationOffload"],
  ["generic-segmentation-offload", "GenericSegmentationOffload"],
  ["generic-receive-offload", "GenericReceiveOffload"],
  ["large-receive-offload", "LargeReceiveOffload"],
] as const;

const macPolicies: Readonly<Record<string, string>> = { permanent: "persistent", random: "random" };

/** What udev does when the interface appears; undefined where it has nothing to do. Source: systemd.link(5). */
export function linkFile(job: NetworkdJob): string | undefined {
  const { device, settings, context } = job;
  const file = new IniFile();
  const match = file.section("Match");
  const { mac, pattern, drivers } = findDevice(device, context, job);
  match.add("PermanentMACAddress", mac);
  match.add("OriginalName", mac === undefined && drivers.length === 0 ? (pattern ?? device.id) : pattern);
  match.add("Driver", drivers.join(" ") || undefined);

  const link = file.section("Link");
  link.add("Name", settings.text("set-name"));
  if (settings.flag("wakeonlan") === true) link.add("WakeOnLan", "magic");
  for (const [key, name] of offloads) link.add(name, settings.flag(key));
  link.add("SR-IOVVirtualFunctions", settings.number("virtual-function-count"));
  const policy = macPolicies[String(device.values["macaddress"])];
  if (policy !== undefined) link.add("MACAddressPolicy", settings.text("macaddress") && policy);
  if (link.lines.length === 0) return undefined;

  // Only the first file that matches is used: this one has to say what the one of systemd says for all interfaces.
  if (!settings.has("set-name")) {
    link.add("NamePolicy", "keep kernel database onboard slot path");
    link.add("AlternativeNamesPolicy", "database onboard slot path");
  }
  if (policy === undefined) link.add("MACAddressPolicy", "persistent");
  return file.text(fileHeader);
}
