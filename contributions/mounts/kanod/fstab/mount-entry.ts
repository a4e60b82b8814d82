import type { FstabEntry } from "./fstab.ts";

/** A mount as the configuration has it: two fields of ours, or up to six of cloud-init's. */
export type MountForm = readonly [source: string, path: string, ...rest: (string | number)[]];

/** In seconds: how long a boot waits for a device that does not come (systemd.mount(5)). */
const deviceTimeout = 30;

/** In bytes: neither a path nor the options of mount(2) may be longer. */
const longestField = 4095;

const networkTypes: ReadonlySet<string> = new Set([
  "nfs",
  "nfs4",
  "cifs",
  "smb3",
  "ceph",
  "glusterfs",
  "9p",
  "fuse.sshfs",
]);

/**
 * The fstab entry that a mount of the configuration stands for. Without options of its own it does not keep the machine
 * from booting when the device is missing.
 */
export function mountEntry(form: MountForm): FstabEntry {
  const [source, path, type = "auto", options, dump = 0, pass] = form;
  const kind = String(type);
  const isSwap = kind === "swap" || path === "none" || path === "swap";
  return {
    source: deviceSource(source),
    path: isSwap ? "none" : normalPath(path),
    type: isSwap ? "swap" : kind,
    options: options === undefined ? defaultOptions(isSwap ? "swap" : kind) : String(options),
    dump: Number(dump),
    pass: Number(pass ?? 0),
  };
}

function defaultOptions(type: string): string {
  const network = networkTypes.has(type) ? ",_netdev" : "";
  return `${type === "swap" ? "sw" : "defaults"},nofail,x-systemd.device-timeout=${deviceTimeout}${network}`;
}

/** cloud-init takes `vdb` for /dev/vdb. What names no disk in that form is a file system without a device, or remote. */
function deviceSource(source: string): string {
  return /^(sd|vd|xvd|nvme|mmcblk)[a-z0-9]+$/.test(source) ? `/dev/${source}` : source;
}

function normalPath(path: string): string {
  const normal = path.replace(/\/{2,}/g, "/");
  return normal.length > 1 ? normal.replace(/\/$/, "") : normal;
}

/** What is wrong with a mount, as a place in it and a reason; or undefined. */
export function mountFault(form: MountForm): { field: number; reason: string } | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const control = form.findIndex((field) => /[\u0000-\u001f\u007f]/.test(String(field)));
  if (control !== -1) return { field: control, reason: "holds a control character" };
  const empty = form.findIndex((field) => String(field) === "");
  if (empty !== -1) return { field: empty, reason: "is empty" };
  const long = form.findIndex((field) => Buffer.byteLength(String(field)) > longestField);
  if (long !== -1) return { field: long, reason: `is longer than ${longestField} bytes` };
  const { source, path, type, options } = mountEntry(form);
  // Either says swap; what the other says would be dropped.
  if (type === "swap" && !/^(none|swap)$/.test(form[1])) return { field: 1, reason: "is no `none`, as for swap space" };
  if (type === "swap" && !/^(auto|swap)$/.test(String(form[2] ?? "swap"))) {
    return { field: 2, reason: "is no `swap`, although there is no path" };
  }
  if (source.startsWith("-")) return { field: 0, reason: "begins with a dash, like an option" };
  if (type !== "swap" && !path.startsWith("/")) return { field: 1, reason: "is no absolute path" };
  if (path.split("/").some((part) => part === ".." || part === ".")) return { field: 1, reason: "has . or .. in it" };
  if (path === "/") return { field: 1, reason: "is the root, which is mounted already" };
  if (!/^[A-Za-z0-9][\w.+-]*$/.test(type)) return { field: 2, reason: "is no type of a file system" };
  if (/\s/.test(options)) return { field: 3, reason: "holds white space: options are separated by commas" };
  for (const field of [4, 5]) {
    if (!/^\d$/.test(String(form[field] ?? 0))) return { field, reason: "is no number from 0 to 9" };
  }
  return undefined;
}
