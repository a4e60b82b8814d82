import { createHash } from "node:crypto";

/** What cloud-init finds on a medium: files by path, and the label by which it finds the medium. */
export interface Seed {
  label: string;
  files: Readonly<Record<string, string>>;
}

/** https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html */
export function nocloudSeed(hostName: string, userData: string): Seed {
  const metaData = { "instance-id": `${hostName}-${digest(userData).slice(0, 12)}`, "local-hostname": hostName };
  return {
    label: "cidata",
    files: { "meta-data": `${JSON.stringify(metaData)}\n`, "user-data": userData },
  };
}

/** https://docs.openstack.org/nova/latest/user/metadata.html#config-drives, as Ironic and Metal3 make it. */
export function configDriveSeed(hostName: string, userData: string): Seed {
  const metaData = { uuid: uuidOf(userData), hostname: hostName, name: hostName };
  return {
    label: "config-2",
    files: {
      "openstack/latest/meta_data.json": `${JSON.stringify(metaData)}\n`,
      "openstack/latest/user_data": userData,
    },
  };
}

/** An id for the instance that changes with its user-data, in the form of a UUID made by hashing (RFC 9562, 5.8). */
function uuidOf(text: string): string {
  const bytes = Buffer.from(digest(text), "hex").subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
