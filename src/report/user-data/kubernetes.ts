import { configurationPath } from "../../config/embedded/surroundings.ts";
import { isPlainText, literalBlock } from "./block.ts";
import { base64Lines, bootCommand, type MachineTexts } from "./cloud-config.ts";

/** The user-data of a BareMetalHost: a Secret that its `spec.userData` names. */
export function metal3Secret(name: string, userData: string): string {
  return secret(`${name}-user-data`, "userData", userData);
}

/**
 * For machines of Cluster API with kubeadm: the configuration in a Secret, and a template whose `files` refer to it.
 * (`bootCommands` needs Cluster API 1.9 or newer. A `content` of its own could have 10 KiB only.)
 */
export function kubeadmConfigTemplate(name: string, { configuration, boot }: MachineTexts): string {
  const secretName = `${name}-configuration`;
  const isPacked = !isTakenLiterally(configuration);
  return [
    secret(secretName, "configuration.yaml", isPacked ? base64Lines(Buffer.from(configuration)) : configuration),
    "---\n",
    "apiVersion: bootstrap.cluster.x-k8s.io/v1beta1\n",
    "kind: KubeadmConfigTemplate\n",
    `metadata:\n  name: ${name}\n`,
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
    "      preKubeadmCommands:\n        - kanod-runcmd\n",
  ].join("");
}

/**
 * Whether a text is the same on the machine. kubeadm's provider puts it into a block of a cloud-config that says neither
 * its indentation nor that it is no template: cloud-init fills in Jinja's there.
 */
function isTakenLiterally(text: string): boolean {
  return isPlainText(text) && !/^[ \n]|\{[{%#]/.test(text);
}

function secret(name: string, key: string, text: string): string {
  const head = `apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${name}\ntype: Opaque\n`;
  if (!isPlainText(text)) return `${head}data:\n  ${key}: ${Buffer.from(text).toString("base64")}\n`;
  return `${head}stringData:\n  ${key}: ${literalBlock(text, 4)}`;
}
