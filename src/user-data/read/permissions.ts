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
    inspection.report("error", "bad-permissions", place, mode, { hint: 'write `"0600"`' });
  } else if ((mode & 0o077) !== 0) {
    const message = "this mode lets others than root read the configuration, which may hold secrets";
    inspection.report("warning", "readable-by-others", place, message, { hint: 'write `"0600"`' });
  }
}

/** The permission bits, or why they are none. */
function modeOf({ container, entry }: WrittenFile, written: string): number | string {
  const value = entry["permissions"];
  if (typeof value === "string") {
    if (value.includes(unknown) || /\{\{|\$\{/.test(value)) return "unknown";
    // Python's `int(text, 8)`; what it refuses becomes the default.
    const [, digits] = /^\s*\+?(?:0[oO]_?)?([0-7]+(?:_[0-7]+)*)\s*$/.exec(value) ?? [];
    if (digits !== undefined) return Number.parseInt(digits.replaceAll("_", ""), 8);
    return container.dialect === "kubeadm"
      ? "this is not a mode in octal digits"
      : "this is not a mode in octal digits: cloud-init writes the file with 0644, and everybody may read it";
  }
  if (container.dialect === "kubeadm") return "the mode must be a string: Kubernetes refuses the object";
  if (typeof value !== "number" || !Number.isInteger(value)) return "this is not a mode in octal digits";
  // To YAML 1.1, which cloud-init reads, a number with a leading zero is octal.
  return /^[-+]?0/.test(written) ? value : `this is a decimal number, which means the mode 0${value.toString(8)}`;
}
