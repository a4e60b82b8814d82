import type { ConfigurationFiles } from "../renderer.ts";

/** Names of interfaces by MAC address. Source: cloud-init 26.1, net/udev.py. */
export const cloudInitRules: ConfigurationFiles = {
  folder: "/etc/udev/rules.d",
  name: /^70-persistent-net\.rules$/,
  own: /./,
  ownContent: /^(SUBSYSTEM=="net", ACTION=="add", DRIVERS=="\?\*", ATTR\{address\}=="[^"]+", NAME="[^"]+"\s*)+$/,
};

/** First line of a file that cloud-init has written. */
export const cloudInitMark: RegExp =
  /^# (Created by cloud-init automatically|This file is generated from information provided by)/;
