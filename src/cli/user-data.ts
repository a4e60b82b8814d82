import { join, resolve } from "node:path";
import { AgentError } from "../config/agent-error.ts";
import { hasErrors, pointerParts } from "../config/problem.ts";
import { secretValues } from "../config/secret-values.ts";
import { parseYaml, type YamlDocument } from "../config/yaml.ts";
import type { Host } from "../host/host.ts";
import { formatProblems } from "../report/text.ts";
import { type CloudConfig, cloudConfig, type MachineTexts } from "../user-data/write/cloud-config.ts";
import type { UserDataFormat } from "../user-data/write/formats.ts";
import { isoImage } from "../user-data/write/iso9660.ts";
import { type ClusterApiVersion, kubeadmConfigTemplate, metal3Secret } from "../user-data/write/kubernetes.ts";
import { configDriveSeed, nocloudSeed, type Seed } from "../user-data/write/seeds.ts";
import { createCheckers, type Rules, rulesOfImage } from "./checkers.ts";
import { type CommandContext, usageError } from "./command-line.ts";
import { checkStandardInput, readRequired } from "./inputs.ts";
import { type CliIo, exitCodes } from "./io.ts";
import { rulesOfFile } from "./schema-file.ts";
import { outsideHost } from "./tree.ts";

export interface UserDataOptions {
  config: string;
  boot?: string;
  schema?: string;
  format: UserDataFormat;
  clusterApi: ClusterApiVersion;
  /** Of the objects of Kubernetes, instead of the machine's. */
  name?: string;
  namespace?: string;
  output?: string;
}

/** Greatest size of user-data in bytes, and where. */
interface Limit {
  bytes: number;
  where: string;
}

const kib = 1024;
/** OpenStack's, also on a config drive: https://docs.openstack.org/nova/latest/user/metadata.html#user-data */
const openStack: Limit = { bytes: 64 * kib, where: "OpenStack" };
/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html */
const leastOfAll: Limit = { bytes: 16 * kib, where: "Amazon EC2" };
/** https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size */
const secretLimit: Limit = { bytes: 1024 * kib, where: "a Secret of Kubernetes" };

const limits: Readonly<Record<UserDataFormat, Limit>> = {
  "cloud-config": leastOfAll,
  metal3: openStack,
  kubeadm: secretLimit,
  "nocloud-iso": openStack,
  "configdrive-iso": openStack,
  "nocloud-dir": openStack,
  "configdrive-dir": openStack,
};

/** `user-data`: what to hand to cloud-init, Metal3 or Cluster API. Returns the exit code. */
export async function userData(context: CommandContext, options: UserDataOptions): Promise<number> {
  const { io, image } = context;
  if (needsOutput(options.format) && options.output === undefined) {
    throw usageError("no-output", `--format ${options.format} needs -o`);
  }
  checkStandardInput([options.config, options.boot]);
  const host = outsideHost(io);
  const rules =
    options.schema === undefined ? await rulesOfImage(image) : await rulesOfFile(context, host, options.schema);
  if (rules === undefined) return exitCodes.unreadable;
  const read = (file: string): Promise<YamlDocument> => readDocument(io, host, file);
  const configuration = await read(options.config);
  const boot = options.boot === undefined ? undefined : await read(options.boot);
  const isValid = [
    report(io, rules, "configuration", configuration),
    boot === undefined || report(io, rules, "boot", boot),
  ].every(Boolean);
  if (!isValid) return exitCodes.failed;
  const conf = configuration.value as { name?: unknown; boot?: object } | null;
  const name = conf?.name;
  // A schema that is given need not ask for one.
  if (typeof name !== "string")
    throw new AgentError("no-name", `${options.config}: \`name\` is no text`, { exitCode: exitCodes.failed });
  const texts = {
    configuration: textOf(configuration),
    boot: boot === undefined ? await bootText(conf?.boot) : textOf(boot),
  };
  warnOfSecrets(io, rules, configuration, options.format);
  await write(io, host, options, name, texts);
  return exitCodes.done;
}

function needsOutput(format: UserDataFormat): boolean {
  return format.endsWith("-iso") || format.endsWith("-dir");
}

async function readDocument(io: CliIo, host: Host, file: string): Promise<YamlDocument> {
  if (file === "-") return parseYaml(await io.readStdin(), "<stdin>");
  const { text } = await readRequired(host, resolve(io.workingDirectory, file));
  return parseYaml(text, file);
}

/** Shows what is wrong; false where that are errors. */
function report(io: CliIo, rules: Rules, kind: "configuration" | "boot", document: YamlDocument): boolean {
  const check = createCheckers(rules).check[kind];
  if (check === undefined) throw new Error(`there is no check for ${kind}`);
  const { problems, secretLines } = check(document);
  const { file, text } = document;
  const options = { texts: new Map([[file, text]]), maskedLines: new Map([[file, secretLines]]), color: io.color };
  io.err(formatProblems(problems, options));
  return !hasErrors(problems);
}

/** To YAML the line breaks are the same. */
function textOf(document: YamlDocument): string {
  return document.text.replace(/\r\n?/g, "\n");
}

async function bootText(boot: object | undefined): Promise<string | undefined> {
  if (boot === undefined || Object.keys(boot).length === 0) return undefined;
  const { stringify } = await import(/* webpackMode: "eager" */ "yaml");
  return stringify(boot, { lineWidth: 0 });
}

/** Who can read what is handed over, by format; nobody but root and the cluster's administrators for the others. */
const readers: Partial<Record<UserDataFormat, string>> = {
  "cloud-config": "On most platforms every process of the machine can read its user-data",
  metal3: "The Secret holds them in plain text, and Ironic keeps them on the machine's config drive",
  "nocloud-iso": "Whoever has the image can read them",
  "configdrive-iso": "Whoever has the image can read them",
};

function warnOfSecrets(io: CliIo, { configuration }: Rules, document: YamlDocument, format: UserDataFormat): void {
  const { pointers } = secretValues(configuration.secrets, document.value);
  const reader = readers[format];
  const plain = pointers.filter((pointer) => !isReference(document.value, pointer));
  if (plain.length === 0 || reader === undefined) return;
  const names = plain.map((pointer) => pointerParts(pointer).join(".")).join(", ");
  io.err(`${io.program}: warning: the configuration holds secrets in plain text: ${names}.\n`);
  io.err(`  ${reader}. References to Vault, or a wrapped secret-id, give nothing away.\n`);
}

function isReference(value: unknown, pointer: string): boolean {
  let at = value;
  for (const part of pointerParts(pointer)) at = (at as Record<string, unknown> | undefined)?.[part];
  return typeof at === "string" && (/^@(?:vault|age|creds):/.test(at) || pointer === "/vault/wrapped_secret_id");
}

async function write(
  io: CliIo,
  host: Host,
  { format, clusterApi, name: objectName, namespace, output }: UserDataOptions,
  name: string,
  texts: MachineTexts,
): Promise<void> {
  const target = output === undefined ? undefined : resolve(io.workingDirectory, output);
  if (format === "kubeadm") {
    const text = kubeadmConfigTemplate({ name: objectName ?? name, namespace }, texts, clusterApi);
    warnOfSize(io, { text, size: Buffer.byteLength(text), isPacked: false }, limits[format]);
    return writeText(io, host, target, text);
  }
  const config = cloudConfig(texts, limits[format].bytes);
  warnOfSize(io, config, limits[format]);
  if (format === "cloud-config") return writeText(io, host, target, config.text);
  if (format === "metal3")
    return writeText(io, host, target, metal3Secret({ name: objectName ?? name, namespace }, config.text));
  const seed = format.startsWith("nocloud") ? nocloudSeed(name, config.text) : configDriveSeed(name, config.text);
  if (target !== undefined) await writeSeed(host, format, target, seed);
}

function warnOfSize(io: CliIo, { size, isPacked }: CloudConfig, { bytes, where }: Limit): void {
  const limit = `${bytes / kib} KiB, the limit of ${where}`;
  if (isPacked) io.err(`${io.program}: note: the configuration was packed with gzip, because of ${limit}\n`);
  if (size > bytes) io.err(`${io.program}: warning: ${size} bytes are more than ${limit}\n`);
}

/** Only the owner may read what is written: it may hold secrets. */
const ownersOnly = { mode: 0o600 };

async function writeText(io: CliIo, host: Host, target: string | undefined, text: string): Promise<void> {
  if (target === undefined) io.out(text);
  else await writeFile(host, target, text);
}

async function writeSeed(host: Host, format: UserDataFormat, target: string, { label, files }: Seed): Promise<void> {
  if (format.endsWith("-iso")) return writeFile(host, target, isoImage(label, files));
  for (const [path, text] of Object.entries(files)) await writeFile(host, join(target, path), text);
}

async function writeFile(host: Host, path: string, content: string | Uint8Array): Promise<void> {
  try {
    await host.writeFile(path, content, ownersOnly);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    throw new AgentError("cannot-write", error.message, { exitCode: exitCodes.failed, cause: error });
  }
}
