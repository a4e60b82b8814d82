import { type BootConfiguration, type Finding, registerBoot } from "kanod-configure";
import { createPartitions } from "./storage/create.ts";
import { growDisks } from "./storage/grow.ts";
import { labelFault } from "./storage/make-file-system.ts";
import { adoptFormerMarks } from "./storage/marks.ts";

/** In seconds: a file system of many terabytes takes its time to be made, checked and grown. */
const timeout = 7200;

registerBoot(
  "Disks",
  7,
  async ({ conf, host, log, store, init }) => {
    await adoptFormerMarks(store);
    const volumes = conf.lvm?.map(({ vg = "vg", ...volume }) => ({ ...volume, vg }));
    const done = await growDisks(host, store, volumes);
    const context = { host, store, instance: init.instanceId ?? "" };
    if (conf.partitions !== undefined) done.push(...(await createPartitions(context, conf.partitions)));
    log.info(done.join(", ") || "nothing to grow or to create");
  },
  { timeout, check: ({ conf }) => findings(conf) },
);

type Partition = NonNullable<BootConfiguration["partitions"]>[number];

function findings({ partitions = [] }: BootConfiguration): Finding[] {
  return partitions.flatMap((partition, index) => [
    ...labelFindings(partition, index),
    ...nameFindings(partitions, partition, index),
  ]);
}

function labelFindings({ filesystem = "ext4", label, name }: Partition, index: number): Finding[] {
  const text = label ?? name;
  const fault = filesystem === "none" || text === undefined ? undefined : labelFault(filesystem, text);
  return fault === undefined ? [] : [finding(index, label === undefined ? "name" : "label", `as a label it ${fault}`)];
}

function nameFindings(partitions: readonly Partition[], { device, name, size }: Partition, index: number): Finding[] {
  const others = partitions.slice(0, index).filter((other) => normalPath(other.device) === normalPath(device));
  if (name === undefined && size !== undefined)
    return [finding(index, "size", "`size` needs `name`: without a name the whole device is used")];
  if (others.some((other) => other.name === name))
    return [finding(index, "name", "an earlier entry has the same name")];
  const isMixed = others.some((other) => (other.name === undefined) !== (name === undefined));
  return isMixed ? [finding(index, "device", "an earlier entry takes the whole device")] : [];
}

/** Two spellings of one path; links are followed on the machine only. */
function normalPath(path: string): string {
  return path.replace(/\/(\.?\/)+/g, "/");
}

function finding(index: number, key: string, message: string): Finding {
  return { severity: "error", code: "bad-partition", pointer: `/partitions/${index}/${key}`, message };
}
