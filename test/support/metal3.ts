/**
 * What Metal3 hands to a machine: user-data as cluster-api's kubeadm bootstrap provider renders it from a
 * KubeadmConfig, in a config drive as Ironic writes it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { corpusFiles } from "./corpus.ts";
import { machineMac, makeIso } from "./qemu.ts";

/** The part of a KubeadmConfig's spec that becomes user-data. */
export interface KubeadmSpec {
  files?: { path: string; content: string; owner?: string; permissions?: string }[];
  bootCommands?: string[];
  preKubeadmCommands?: string[];
  postKubeadmCommands?: string[];
}

/** The workers' KubeadmConfigTemplate of metal3-io/cluster-api-provider-metal3, its variables filled in. */
export function metal3Workers(variables: Readonly<Record<string, string>>): KubeadmSpec {
  const text = corpusFiles("metal3/ubuntu-kubeadm-config.yaml")[0]?.text ?? "";
  const filled = text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => variables[name] ?? name.toLowerCase());
  const documents = parseAllDocuments(filled).map((document) => document.toJS());
  return documents.find(({ kind }) => kind === "KubeadmConfigTemplate").spec.template.spec;
}

/** cluster-api, bootstrap/kubeadm/internal/cloudinit/node.go: files, bootcmd, and kubeadm between the runcmd lists. */
export function kubeadmUserData(spec: KubeadmSpec): string {
  const kubeadm = "kubeadm join --config /run/kubeadm/kubeadm-join-config.yaml";
  const data = {
    write_files: [
      ...(spec.files ?? []),
      { path: "/run/kubeadm/kubeadm-join-config.yaml", owner: "root:root", permissions: "0640", content: "---\n" },
      { path: "/run/cluster-api/placeholder", owner: "root:root", permissions: "0640", content: "placeholder\n" },
    ],
    ...(spec.bootCommands === undefined ? {} : { bootcmd: spec.bootCommands }),
    runcmd: [
      ...(spec.preKubeadmCommands ?? []),
      `${kubeadm} && echo success > /run/cluster-api/bootstrap-success.complete`,
      ...(spec.postKubeadmCommands ?? []),
    ],
  };
  return `## template: jinja\n#cloud-config\n\n${stringify(data)}`;
}

/** An ISO image `config-2` in `folder`: what Ironic makes of user-data, and of Metal3's metadata and network data. */
export function configDrive(
  folder: string,
  given: { userData: string; metaData: Readonly<Record<string, unknown>> },
): string {
  const network = JSON.parse(corpusFiles("metal3/network_data-dhcp.json")[0]?.text ?? "{}");
  for (const link of network.links) link.ethernet_mac_address = machineMac;
  const latest = join(folder, "openstack/latest");
  mkdirSync(latest, { recursive: true });
  writeFileSync(join(latest, "meta_data.json"), JSON.stringify(given.metaData));
  writeFileSync(join(latest, "network_data.json"), JSON.stringify(network));
  writeFileSync(join(latest, "user_data"), given.userData);
  return makeIso(folder, "config-2", [`openstack=${join(folder, "openstack")}`]);
}
