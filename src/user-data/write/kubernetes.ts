import { createHash } from "node:crypto";
import { configurationPath } from "../../config/paths.ts";
import { isPlainText, literalBlock } from "./block.ts";
import { base64Lines, bootCommand, guardedRuncmd, type MachineTexts } from "./cloud-config.ts";

/** What objects are called after, and where they are. */
export interface ObjectName {
  name: string;
  namespace: string | undefined;
}

export const clusterApiVersions = ["v1beta2", "v1beta1"] as const;
export type ClusterApiVersion = (typeof clusterApiVersions)[number];

/** The user-data of a BareMetalHost: a Secret that its `spec.userData` names. */
export function metal3Secret({ name, namespace }: ObjectName, userData: string): string {
  return secret(metadata(objectName(name, "-user-data"), namespace), "userData", userData);
}

/**
 * For machines of Cluster API with kubeadm: the configuration in a Secret, and a template whose `files` refer to it.
 * (`bootCommands` needs Cluster API 1.9 or newer. A `content` of its own could have 10 KiB only.)
 */
export function kubeadmConfigTemplate(
  { name, namespace }: ObjectName,
  { configuration, boot }: MachineTexts,
  apiVersion: ClusterApiVersion,
): string {
  const secretName = objectName(name, "-configuration");
  const isPacked = !isTakenLiterally(configuration);
  return [
    secret(
      metadata(secretName, namespace),
      "configuration.yaml",
      isPacked ? base64Lines(Buffer.from(configuration)) : configuration,
    ),
    "---\n",
    `apiVersion: bootstrap.cluster.x-k8s.io/${apiVersion}\n`,
    "kind: KubeadmConfigTemplate\n",
    metadata(objectName(name), namespace),
    "spec:\n  template:\n    spec:\n",
    boot === undefined
      ? ""
      : `      bootCommands:\n        - ${literalBlock(bootCommand(boot, isTakenLiterally(boot)), 10)}`,
    "      files:\n",
    `        - path: ${configurationPath}\n`,
    "          owner: root:root\n",
    '          permissions: "0600"\n',
    isPacked ? "          encoding: base64\n" : "",
    "          contentFrom:\n            secret:\n",
    `              name: ${secretName}\n              key: configuration.yaml\n`,
    "      preKubeadmCommands:\n",
    `        - ${guardedRuncmd}\n`,
  ].join("");
}

/**
 * Whether a text is the same on the machine. kubeadm's provider puts it into a block of a cloud-config that says neither
 * its indentation nor that it is no template: cloud-init fills in Jinja's there.
 */
function isTakenLiterally(text: string): boolean {
  return isPlainText(text) && !/^[ \n]|\{[{%#]/.test(text);
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names */
const longestName = 253;

/**
 * A name that Kubernetes allows, as YAML. One that is cut off, or whose characters are replaced, ends with a hash of what
 * it was, so that two machines never have the same.
 */
function objectName(hostName: string, suffix = ""): string {
  const wanted = hostName.toLowerCase();
  const allowed = wanted.replace(/[^a-z0-9.-]/g, "-");
  const whole = `${allowed}${suffix}`;
  const isKept = allowed === wanted && whole.length <= longestName && labels.test(allowed);
  if (isKept) return readAsText.test(whole) ? whole : `"${whole}"`;
  const end = `-${createHash("sha256").update(wanted).digest("hex").slice(0, 8)}${suffix}`;
  const start = allowed
    .slice(0, longestName - end.length)
    .split(".")
    .map((label) => label.replace(/^-+|-+$/g, ""))
    .filter((label) => label !== "")
    .join(".");
  return `${start === "" ? "machine" : start}${end}`;
}

const labels = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
/** No number, date, true or false to any reader of YAML. */
const readAsText = /^(?!(?:true|false|null|yes|no|on|off|y|n)$)[a-z]/;

function metadata(name: string, namespace: string | undefined): string {
  return `metadata:\n  name: ${name}\n${namespace === undefined ? "" : `  namespace: ${objectName(namespace)}\n`}`;
}

function secret(head: string, key: string, text: string): string {
  const object = `apiVersion: v1\nkind: Secret\n${head}type: Opaque\n`;
  if (!isPlainText(text)) return `${object}data:\n  ${key}: ${Buffer.from(text).toString("base64")}\n`;
  return `${object}stringData:\n  ${key}: ${literalBlock(text, 4)}`;
}
