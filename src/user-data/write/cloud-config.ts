import { gzipSync } from "node:zlib";
import { configurationPath } from "../../config/paths.ts";
import { isPlainText, literalBlock } from "./block.ts";

/** What a machine is told. */
export interface MachineTexts {
  /** The text of its configuration.yaml. */
  configuration: string;
  /** The text that kanod-bootcmd reads; undefined where there is nothing for it to do. */
  boot: string | undefined;
}

/** cloud-init makes one script of all commands, which would go on after a failure: what follows must not run then. */
export const guardedRuncmd = "kanod-runcmd || exit 1";

export interface CloudConfig {
  text: string;
  /** In bytes. */
  size: number;
  /** The configuration was packed, because the text would have been larger than the limit. */
  isPacked: boolean;
}

/**
 * cloud-config that writes the configuration and calls both programs.
 *
 * @param limit in bytes; what would be larger is packed with gzip, unless that makes it larger still
 */
export function cloudConfig(texts: MachineTexts, limit: number): CloudConfig {
  const plain = isPlainText(texts.configuration) ? render(texts, plainContent(texts.configuration)) : undefined;
  const size = plain === undefined ? Number.POSITIVE_INFINITY : Buffer.byteLength(plain);
  if (plain !== undefined && size <= limit) return { text: plain, size, isPacked: false };
  const text = render(texts, packedContent(texts.configuration));
  if (plain !== undefined && size <= Buffer.byteLength(text)) return { text: plain, size, isPacked: false };
  return { text, size: Buffer.byteLength(text), isPacked: plain !== undefined };
}

function render({ boot }: MachineTexts, content: string): string {
  return [
    "#cloud-config\n",
    boot === undefined ? "" : `bootcmd:\n  - ${literalBlock(bootCommand(boot), 4)}`,
    "write_files:\n",
    `  - path: ${configurationPath}\n`,
    "    owner: root:root\n",
    '    permissions: "0600"\n',
    content,
    `runcmd:\n  - ${guardedRuncmd}\n`,
  ].join("");
}

function plainContent(text: string): string {
  return `    content: ${literalBlock(text, 6)}`;
}

function packedContent(text: string): string {
  return `    encoding: gz+b64\n    content: ${literalBlock(base64Lines(packed(text)), 6)}`;
}

/** The same bytes for the same text on every machine: RFC 1952 has a byte for the operating system. */
function packed(text: string): Buffer {
  const bytes = gzipSync(text, { level: 9 });
  bytes[9] = 0xff;
  return bytes;
}

export function base64Lines(bytes: Buffer): string {
  return `${bytes.toString("base64").replace(/.{76}/g, "$&\n").trimEnd()}\n`;
}

/** A here-document, whose text the shell leaves as it is; packed where YAML and templates would not. */
export function bootCommand(boot: string, isTakenLiterally: boolean = isPlainText(boot)): string {
  if (!isTakenLiterally) return `base64 -d <<'EOF' | kanod-bootcmd\n${base64Lines(Buffer.from(boot))}EOF\n`;
  const lines = boot.split("\n");
  let end = "EOF";
  while (lines.includes(end)) end += "_";
  return `kanod-bootcmd <<'${end}'\n${boot}${boot.endsWith("\n") || boot === "" ? "" : "\n"}${end}\n`;
}
