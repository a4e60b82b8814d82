import { type Checked, type CheckParams, type Finding, isReference, register } from "kanod-configure";
import type { FstabEntry } from "./fstab/fstab.ts";
import { mountEntry, mountFault } from "./fstab/mount-entry.ts";
import { applyMounts, hasEntries } from "./fstab/mounts.ts";

register(
  "Mounts",
  75,
  async ({ conf, parsed, host, log }) => {
    // Without the section what an earlier run put into fstab leaves it.
    if (conf.mounts === undefined && !(await hasEntries(host))) return;
    const done = await applyMounts(host, parsed);
    log.info(done.join(", ") || "nothing changed");
  },
  { check },
);

function check({ conf: { mounts = [] } }: CheckParams): Checked<FstabEntry[]> {
  const parsed = mounts.map(mountEntry);
  const paths = parsed.map(({ path }) => path);
  const findings = mounts.flatMap((mount, index): Finding[] => {
    if (mount.some((field) => isReference(String(field)))) return [];
    const fault = mountFault(mount);
    if (fault !== undefined) return [finding("bad-mount", index, fault.field, `this ${fault.reason}`)];
    const path = paths[index];
    if (path === "none" || paths.indexOf(path ?? "") === index) return [];
    return [finding("duplicate-mount", index, 1, "an earlier entry mounts something here")];
  });
  return { findings, parsed };
}

function finding(code: string, index: number, field: number, message: string): Finding {
  return { severity: "error", code, pointer: `/mounts/${index}/${field}`, message };
}
