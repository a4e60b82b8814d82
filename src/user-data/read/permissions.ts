import type { WrittenFile } from "./bootstrap.ts";
import { unknown } from "./templates.ts";

/** Reports a mode that is none, or that lets others than root read a configuration. */
export function checkPermissions(file: WrittenFile): void {
  const { container, pointer, pathPlace, entry } = file;
  const { inspection, texts } = container;
  if (entry["permissions"] === undefined || entry["permissions"] === null) {
    const message = "without `permissions` everybody on the machine may read the configuration (0644)";
    inspection.report("warning", "readable-by-others", pathPlace, message, { hint: 'add `permissions: "0600"`' });
    return;
  }
  const at = `${pointer}/permissions`;
  const place = texts.place(at);
  const mode = modeOf(file, texts.source(at));
  if (mode === "unknown") return;
  if (typeof mode === "string") {
    inspection.report("error", "bad-permissions", place, mode, { hint: 'write them as `"0600"`' });
  } else if ((mode & 0o077) !== 0) {
    const message = "these permissions let others than root read the configuration, which may hold secrets";
    inspection.report("warning", "readable-by-others", place, message, { hint: 'write `"0600"`' });
  }
}

/** The permission bits, or why they are none. */
function modeOf({ container, entry }: WrittenFile, written: string): number | string {
  const value = entry["permissions"];
  if (typeof value === "string") {
    if (value.includes(unknown) || /\{\{|\$\{/.test(value)) return "unknown";
    return /^(?:0o)?[0-7]{1,5}$/.test(value.trim())
      ? Number.parseInt(value.trim().replace("0o", ""), 8)
      : "these are no permissions in octal digits";
  }
  if (container.dialect === "kubeadm") return "permissions have to be text: Kubernetes refuses the object";
  // cloud-init reads YAML 1.1, where a number with a leading zero is octal.
  if (typeof value === "number" && /^0o?[0-7]+$/.test(written)) return Number.parseInt(written.replace("0o", ""), 8);
  if (typeof value !== "number" || !Number.isInteger(value)) return "these are no permissions in octal digits";
  return `this is a decimal number, which means the permissions 0${value.toString(8)}`;
}
