import { isMapping } from "../../config/mapping.ts";
import { escapePointerPart } from "../../config/problem.ts";
import { Bootstrap, type Container, located, type ReferredText } from "./bootstrap.ts";
import { fromBase64 } from "./encodings.ts";
import type { Inspection } from "./inspection.ts";
import { decodedText } from "./placed-text.ts";
import type { ScalarTexts } from "./scalar-text.ts";
import { inspectBootstrap } from "./surroundings.ts";
import { inspectUserData, packedUserData, unzipped } from "./user-data.ts";

/** One Kubernetes object of a file. */
export interface KubernetesObject {
  value: Readonly<Record<string, unknown>>;
  texts: ScalarTexts;
}

/** An object, or one of the items of a list of objects. */
interface ListedObject extends KubernetesObject {
  /** JSON pointer of the object in its document. */
  pointer: string;
}

/** Lists of commands in the bootstrap providers of Cluster API: kubeadm's, and others that are made like it. */
const commandLists = /^(?:pre|post)[A-Z]\w*Commands$|^bootCommands$/;

/**
 * Our documents in Kubernetes objects: in any text that is user-data, and in any mapping that describes files and
 * commands as kubeadm's bootstrap provider does. `contentFrom` is followed to the Secrets among the objects.
 */
export function inspectKubernetes(inspection: Inspection, objects: readonly KubernetesObject[]): void {
  const secrets = objects.flatMap((object) => listed({ ...object, pointer: "" })).filter(isSecret);
  const contentFrom = (reference: Readonly<Record<string, unknown>>) => secretText(secrets, reference);
  for (const { value, texts } of objects) {
    inspection.documents.push({ kind: "kubernetes", pointer: "", templates: [], place: texts.place("") });
    // It describes objects, in the words that these are made of.
    if (value["kind"] === "CustomResourceDefinition") continue;
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
    new ObjectWalk(container).walk(value, "");
  }
}

class ObjectWalk {
  readonly #container: Container;

  constructor(container: Container) {
    this.#container = container;
  }

  walk(value: unknown, pointer: string): void {
    if (typeof value === "string") this.#text(value, pointer);
    else if (Array.isArray(value)) for (const [index, item] of value.entries()) this.walk(item, `${pointer}/${index}`);
    else if (isMapping(value)) this.#mapping(value, pointer);
  }

  #text(value: string, pointer: string): void {
    // Nothing shorter can hold a call of ours.
    if (value.length < 16) return;
    const text = packedUserData(this.#container.texts.text(pointer, value));
    if (text !== undefined) inspectUserData(this.#container.inspection, text, { pointer, templates: ["envsubst"] });
  }

  #mapping(value: Readonly<Record<string, unknown>>, pointer: string): void {
    const commands = Object.keys(value).filter((key) => commandLists.test(key));
    if (commands.length > 0 || describesFiles(value["files"])) this.#bootstrap(value, pointer, commands);
    for (const [key, item] of Object.entries(value)) this.walk(item, `${pointer}/${escapePointerPart(key)}`);
  }

  #bootstrap(value: Readonly<Record<string, unknown>>, pointer: string, commands: readonly string[]): void {
    const bootstrap = new Bootstrap();
    // kubeadm itself is called by `runcmd`.
    bootstrap.replacesCommands = true;
    bootstrap.addFiles(located(this.#container, `${pointer}/files`, value["files"]));
    for (const name of commands) {
      const stage = name === "bootCommands" ? "bootcmd" : "runcmd";
      bootstrap.addCommands(located(this.#container, `${pointer}/${name}`, value[name]), stage);
    }
    inspectBootstrap(this.#container.inspection, bootstrap);
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
