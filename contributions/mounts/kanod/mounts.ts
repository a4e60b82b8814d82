import { type Configuration, type Finding, isReference, register, requireNoErrors } from "kanod-configure";
import { mountEntry, mountFault } from "./fstab/mount-entry.ts";
import { applyMounts } from "./fstab/mounts.ts";

register(
  "Mounts",
  75,
  async ({ conf, host, log }) => {
    if (conf.mounts === undefined) return;
    requireNoErrors(findings(conf));
    const done = await applyMounts(host, conf.mounts.map(mountEntry));
    log.info(done.join(", ") || "nothing changed");
  },
  { check: ({ conf }) => findings(conf) },
);

function findings({ mounts = [] }: Configuration): Finding[] {
  const paths = mounts.map((mount) => mountEntry(mount).path);
  return mounts.flatMap((mount, index): Finding[] => {
    if (mount.some((field) => isReference(String(field)))) return [];
    const fault = mountFault(mount);
    if (fault !== undefined) return [finding("bad-mount", index, fault.field, `this ${fault.reason}`)];
    const path = paths[index];
    if (path === "none" || paths.indexOf(path ?? "") === index) return [];
    return [finding("duplicate-mount", index, 1, "an earlier entry mounts something here")];
  });
}

function finding(code: string, index: number, field: number, message: string): Finding {
  return { severity: "error", code, pointer: `/mounts/${index}/${field}`, message };
}
