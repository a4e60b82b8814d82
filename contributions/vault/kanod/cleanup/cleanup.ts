import { configurationPath, type Host, type Logger } from "kanod-configure";

const instancesFolder = "/var/lib/cloud/instances";
/** What a NoCloud or config drive seed on the disk is read from, at each boot anew. */
const seedFolder = "/var/lib/cloud/seed";

/**
 * What cloud-init keeps of user-data and vendor-data for an instance, in names of its `Paths.lookups`
 * (cloudinit/helpers.py): raw, merged, and the scripts taken from them. Its marks of what was done are not among them.
 */
const instanceCopies =
  /^(?:(?:user-data|vendor-data|cloud-config|vendor2?-cloud-config).*|scripts|boothooks|handlers)$/;

/** Memory of cloud-init until the next boot, for root, with all of the user-data in it. */
const runtimeCopies = [
  "/run/cloud-init/instance-data-sensitive.json",
  "/run/cloud-init/combined-cloud-config.json",
  "/run/cloud-init/cloud.cfg",
];

/**
 * Python for cloud-init's own objects: writes a stored data source back without what the user gave. The instance stays
 * known by it: without the file the next boot may find no data source and start as a new instance.
 */
const forgetProgram = `
import os, pickle, sys
path = sys.argv[1]
with open(path, "rb") as stored:
    source = pickle.load(stored)
for name in list(vars(source)):
    if name.startswith(("userdata", "vendordata")):
        setattr(source, name, None)
for name in ("user-data", "vendor-data", "user_data", "vendor_data"):
    for holder in (getattr(source, "metadata", None), getattr(source, "seed_data", None)):
        if isinstance(holder, dict):
            holder.pop(name, None)
if hasattr(source, "_crawled_metadata"):
    source._crawled_metadata = None
with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as changed:
    os.fchmod(changed.fileno(), os.stat(path).st_mode & 0o700)
    pickle.dump(source, changed)
os.replace(path + ".new", path)
`;

/** Removes the user's configuration from the machine. */
export async function removeConfiguration(host: Host, log: Logger): Promise<void> {
  if (await host.remove(configurationPath)) log.info("cleanup: the configuration was removed");
}

/**
 * Removes the copies of user-data and vendor-data that cloud-init keeps, of this and of earlier instances. The data
 * source's own (a config drive, a seed in the image, a metadata service) is not reached.
 */
export async function removeUserData(host: Host, log: Logger): Promise<void> {
  for (const instance of (await host.list(instancesFolder)) ?? []) {
    const folder = `${instancesFolder}/${instance}`;
    if ((await host.stat(folder))?.kind !== "directory") continue;
    for (const name of (await host.list(folder)) ?? []) {
      if (instanceCopies.test(name)) await host.remove(`${folder}/${name}`);
    }
    await forgetInSource(host, log, `${folder}/obj.pkl`);
  }
  for (const path of runtimeCopies) await host.remove(path);
  const seeds = (await host.list(seedFolder)) ?? [];
  if (seeds.length > 0)
    log.warn(`cleanup: the user-data is still in ${seedFolder}, from where cloud-init copies it again`);
  log.info("cleanup: cloud-init's copies of the user-data were removed");
}

async function forgetInSource(host: Host, log: Logger, path: string): Promise<void> {
  if ((await host.stat(path)) === undefined) return;
  try {
    const why = "take the user-data out of cloud-init's stored data source";
    await host.run(["python3", "-", path], { input: forgetProgram, onTree: "chroot", why, secret: true });
  } catch {
    // Rather a new look for the data source at the next boot than a secret that stays.
    await host.remove(path);
    log.warn("cleanup: cloud-init's stored data source could not be changed, and was removed");
  }
}
