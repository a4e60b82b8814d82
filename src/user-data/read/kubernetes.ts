import { isMapping } from "../../config/mapping.ts";
import { escapePointerPart } from "../../config/problem.ts";
import { Bootstrap, type Container, located, type ReferredText } from "./bootstrap.ts";
import { DecodingError, fromBase64 } from "./encodings.ts";
import type { Inspection } from "./inspection.ts";
import { openYaml } from "./open-yaml.ts";
import { decodedText, type PlacedText } from "./placed-text.ts";
import { ScalarTexts } from "./scalar-text.ts";
import { inspectBootstrap } from "./surroundings.ts";
import {
  inspectConfigMapping,
  inspectUserData,
  isUserData,
  maxNesting,
  packedUserData,
  unzipped,
} from "./user-data.ts";

/** One Kubernetes object of a file, or a document of another kind that may hold ours, such as the values of a chart. */
export interface KubernetesObject {
  value: unknown;
  kind: "kubernetes" | "other";
  texts: ScalarTexts;
}

/** An object, or one of the items of a list of objects. */
interface ListedObject {
  value: Readonly<Record<string, unknown>>;
  texts: ScalarTexts;
  /** JSON pointer of the object in its document. */
  pointer: string;
}

/** Lists of commands in the bootstrap providers of Cluster API, kubeadm's and others, and in charts that are made like them. */
const commandLists = /^(?:pre|post)(?:[A-Z]\w*)?Commands$|^(?:pre|post)_(?:\w+_)?commands$|^bootCommands$/;

/** Whether a text names a path or a program of ours. */
export function mentionsUs(text: string): boolean {
  return ours.test(text);
}

const ours = /\/etc\/kanod-configure\b|\bkanod-(?:runcmd|bootcmd)\b/;

/** Where our name is in a text that {@link mentionsUs}. */
export function mention(text: string): [start: number, end: number] {
  const { 0: found = "", index = 0 } = ours.exec(text) ?? {};
  return [index, index + found.length];
}

/**
 * Our documents in Kubernetes objects: in any text that is user-data, and in any mapping that describes files and
 * commands as kubeadm's bootstrap provider does. `contentFrom` is followed to the Secrets among the objects.
 */
export function inspectKubernetes(inspection: Inspection, objects: readonly KubernetesObject[]): void {
  const secrets = objects
    .flatMap(({ value, texts }) => (isMapping(value) ? listed({ value, texts, pointer: "" }) : []))
    .filter(isSecret);
  const contentFrom = (reference: Readonly<Record<string, unknown>>) => secretText(secrets, reference);
  for (const { value, kind, texts } of objects) {
    inspection.documents.push({ kind, pointer: "", templates: [], place: texts.place("") });
    // It describes objects, in the words that these are made of.
    if (isMapping(value) && value["kind"] === "CustomResourceDefinition") continue;
    const container: Container = {
      inspection,
      texts,
      dialect: "kubeadm",
      prefix: "",
      isConditional: false,
      // clusterctl fills in `${…}`, and cloud-init what kubeadm's provider makes of the object.
      templates: ["envsubst", "jinja"],
      contentFrom,
    };
    new ObjectWalk(container, maxNesting).walk(value, "");
  }
}

/** What a text is to the object around it. */
type Use = "secret-data" | "secret-text" | undefined;

class ObjectWalk {
  readonly #container: Container;
  readonly #depth: number;

  constructor(container: Container, depth: number) {
    this.#container = container;
    this.#depth = depth;
  }

  walk(value: unknown, pointer: string, use?: Use): void {
    if (typeof value === "string") this.#text(value, pointer, use);
    else if (Array.isArray(value)) this.#list(value, pointer);
    else if (isMapping(value)) this.#mapping(value, pointer, use);
  }

  #list(value: readonly unknown[], pointer: string): void {
    const patches = value.flatMap((item, index) => {
      return isMapping(item) && typeof item["op"] === "string" && typeof item["path"] === "string"
        ? [{ path: item["path"], value: item["value"], pointer: `${pointer}/${index}/value` }]
        : [];
    });
    if (patches.length > 0) this.#patches(patches);
    for (const [index, item] of value.entries()) this.walk(item, `${pointer}/${index}`);
  }

  /** JSON patches (RFC 6902) of what kubeadm's provider reads: what they add to is not known. */
  #patches(patches: readonly { path: string; value: unknown; pointer: string }[]): void {
    const bootstrap = new Bootstrap();
    bootstrap.isOpen = true;
    for (const { path, value, pointer } of patches) {
      const names = path.split("/");
      const isItem = /^(?:-|\d+)$/.test(names.at(-1) ?? "");
      const name = names.at(isItem ? -2 : -1) ?? "";
      const whole = located(this.#container, pointer, value);
      const list = isItem ? { ...whole, items: [whole] } : whole;
      if (name === "files") bootstrap.addFiles(list);
      else if (commandLists.test(name)) bootstrap.addCommands(list, stageOf(name));
    }
    inspectBootstrap(this.#container.inspection, bootstrap);
  }

  #text(value: string, pointer: string, use: Use): void {
    // Nothing shorter can hold a call of ours.
    if (value.length < 16) return;
    const { inspection, texts } = this.#container;
    const text = texts.text(pointer, value);
    if (use === "secret-data") this.#checkPacked(value, text);
    const found = packedUserData(text);
    if (found !== undefined) {
      if (use === "secret-text" && found !== text) {
        const message = "this is base64 within `stringData`: cloud-init gets it still packed";
        inspection.report("error", "bad-encoding", texts.place(pointer), message, { hint: "put it into `data`" });
      }
      inspectUserData(inspection, found, { pointer: `${this.#container.prefix}${pointer}`, templates: ["envsubst"] });
      return;
    }
    const plain = use === "secret-data" ? unpackedSecret(text) : text;
    // What is written on the machine is looked at as such.
    if (!pointer.endsWith("/content") && mentionsUs(plain.text)) this.#nested(plain, pointer, use);
  }

  #checkPacked(value: string, text: PlacedText): void {
    if (isBase64(value) || value.startsWith("ENC[") || !(mentionsUs(value) || isUserData(value))) return;
    const message = "this is not base64, which `data` of a Secret must be";
    const place = text.place(0, Math.max(1, value.indexOf("\n")));
    this.#container.inspection.report("error", "bad-encoding", place, message, {
      hint: "put plain text into `stringData`",
    });
  }

  /** YAML within a text, such as the values of a chart, a patch, or cloud-config that another program adds the header to. */
  #nested(text: PlacedText, pointer: string, use: Use): void {
    if (this.#depth === 0 || /^\s*#!/.test(text.text)) return;
    const { inspection, prefix } = this.#container;
    const opened = openYaml(text, ["envsubst", "jinja"], { single: false, isForeign: true, allowed: ["unknown-tag"] });
    for (const document of opened.documents) {
      const value = document.value ?? document.partial;
      if (!isMapping(value) && !Array.isArray(value)) continue;
      const isConfig = isMapping(value) && isCloudConfig(value);
      if (isConfig && use !== undefined && /\/(?:userData|user-data|value)$/.test(pointer)) {
        const message = "cloud-init does nothing with this: the first line must be `#cloud-config`";
        inspection.report("error", "missing-header", text.place(0, 1), message);
      }
      const texts = new ScalarTexts(document, opened.text);
      const container = {
        ...this.#container,
        texts,
        prefix: `${prefix}${pointer}`,
        isConditional: opened.isConditional,
      };
      new ObjectWalk(container, this.#depth - 1).walk(value, "");
    }
  }

  #mapping(value: Readonly<Record<string, unknown>>, pointer: string, use: Use): void {
    const commands = Object.keys(value).filter((key) => commandLists.test(key));
    if (commands.length > 0 || describesFiles(value["files"])) this.#bootstrap(value, pointer, commands);
    if (isCloudConfig(value)) inspectConfigMapping(this.#container, pointer, value);
    const isSecretObject = value["kind"] === "Secret";
    for (const [key, item] of Object.entries(value)) {
      const at = `${pointer}/${escapePointerPart(key)}`;
      if (key.startsWith("/") && mentionsUs(key)) this.#fileOfMap(key, item, at);
      const uses: Readonly<Record<string, Use>> = { data: "secret-data", stringData: "secret-text" };
      this.walk(item, at, isSecretObject ? uses[key] : use);
    }
  }

  /** Charts have files also as a mapping of paths. */
  #fileOfMap(path: string, value: unknown, pointer: string): void {
    const entry = typeof value === "string" ? { content: value } : value;
    if (!isMapping(entry)) return;
    const bootstrap = new Bootstrap();
    bootstrap.isOpen = true;
    bootstrap.addFile(this.#container, pointer, { ...entry, path });
    inspectBootstrap(this.#container.inspection, bootstrap);
  }

  #bootstrap(value: Readonly<Record<string, unknown>>, pointer: string, commands: readonly string[]): void {
    const bootstrap = new Bootstrap();
    // kubeadm itself is called by `runcmd`.
    bootstrap.replacesCommands = true;
    bootstrap.addFiles(located(this.#container, `${pointer}/files`, value["files"]));
    for (const name of commands) {
      bootstrap.addCommands(located(this.#container, `${pointer}/${name}`, value[name]), stageOf(name));
    }
    inspectBootstrap(this.#container.inspection, bootstrap);
  }
}

function stageOf(name: string): "bootcmd" | "runcmd" {
  return name === "bootCommands" ? "bootcmd" : "runcmd";
}

function isCloudConfig(value: Readonly<Record<string, unknown>>): boolean {
  return ["write_files", "runcmd", "bootcmd"].some((key) => Array.isArray(value[key]));
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/=\s]*$/.test(text);
}

function unpackedSecret(text: PlacedText): PlacedText {
  if (!isBase64(text.text)) return text;
  try {
    return decodedText(text, 0, text.text.length, unzipped(fromBase64(text.text)));
  } catch (error) {
    if (error instanceof DecodingError) return text;
    throw error;
  }
}

function describesFiles(files: unknown): boolean {
  return Array.isArray(files) && files.some((file) => isMapping(file) && typeof file["path"] === "string");
}

/** An object and, where it is a list, its items. */
function listed(object: ListedObject): ListedObject[] {
  const { items, kind } = object.value;
  if (!Array.isArray(items) || typeof kind !== "string" || !kind.endsWith("List")) return [object];
  return items.flatMap((value: unknown, index) => {
    return isMapping(value) ? listed({ ...object, value, pointer: `${object.pointer}/items/${index}` }) : [];
  });
}

/** In a `SecretList` the items need not say what they are. */
function isSecret({ value }: ListedObject): boolean {
  return value["kind"] === "Secret" || (value["kind"] === undefined && isMapping(value["metadata"]));
}

/** What `{ secret: { name, key } }` refers to, where the file has that Secret. @throws DecodingError */
function secretText(
  secrets: readonly ListedObject[],
  reference: Readonly<Record<string, unknown>>,
): ReferredText | "no-such-key" | undefined {
  const { secret } = reference;
  if (!isMapping(secret) || typeof secret["key"] !== "string") return undefined;
  const key = secret["key"];
  const found = secrets.find(
    ({ value }) => isMapping(value["metadata"]) && value["metadata"]["name"] === secret["name"],
  );
  if (found === undefined) return undefined;
  const { texts, pointer } = found;
  const { stringData, data } = found.value;
  const plain = isMapping(stringData) ? stringData[key] : undefined;
  if (typeof plain === "string") {
    const at = `${pointer}/stringData/${escapePointerPart(key)}`;
    return { text: texts.text(at, plain), pointer: at };
  }
  const packed = isMapping(data) ? data[key] : undefined;
  if (packed === undefined && plain === undefined) return "no-such-key";
  if (typeof packed !== "string") return undefined;
  const at = `${pointer}/data/${escapePointerPart(key)}`;
  const decoded = decodedText(texts.text(at, packed), 0, packed.length, unzipped(fromBase64(packed)));
  return { text: decoded, pointer: at };
}
