import type { Store } from "../../agent/contribution.ts";
import { AgentError } from "../../config/agent-error.ts";
import { isMapping } from "../../config/mapping.ts";
import type { Host, WriteOptions } from "../../host/host.ts";

/** Where version 0.1 kept {@link State}. */
const formerPath = "/var/lib/kanod-configure/registries.json";

/** Keys and list entries of a JSON document: for a list those entries that are ours, for an object its keys. */
type OwnedParts = Record<string, string[]>;

interface State {
  /** Files that we made. */
  files: string[];
  /** Parts of JSON files that others share, by path. */
  parts: Record<string, OwnedParts>;
}

/**
 * The files of a container engine as one run of ours leaves them: what an earlier run wrote and this one does not is
 * removed, what others wrote is kept. What is ours is on disk before it is written. Nothing is written before
 * {@link finish}.
 */
export class OwnedFiles {
  readonly #host: Host;
  readonly #store: Store;
  readonly #before: State;
  readonly #now: State = { files: [], parts: {} };
  readonly #writes: (() => Promise<unknown>)[] = [];

  private constructor(host: Host, store: Store, before: State) {
    this.#host = host;
    this.#store = store;
    this.#before = before;
  }

  static async open(host: Host, store: Store): Promise<OwnedFiles> {
    await store.adopt(formerPath, formerState);
    const [files = [], parts = {}] = [
      await store.get<State["files"]>("files"),
      await store.get<State["parts"]>("parts"),
    ];
    return new OwnedFiles(host, store, { files, parts });
  }

  /** Writes a file that is all ours. */
  write(path: string, content: string, options?: WriteOptions): void {
    this.#now.files.push(path);
    this.#writes.push(() => this.#host.writeFile(path, content, options));
  }

  /**
   * Puts `parts` into a JSON object that others share: strings are added to the list of that key, the properties of an
   * object to the object of that key. What an earlier run put there is taken out first.
   */
  async merge(
    path: string,
    parts: Readonly<Record<string, readonly string[] | Readonly<Record<string, unknown>>>>,
    options?: WriteOptions,
  ): Promise<void> {
    const text = await this.#host.readFile(path);
    const document = parseObject(path, text ?? "");
    removeParts(document, this.#before.parts[path] ?? {});
    const owned = addParts(document, parts);
    if (Object.keys(owned).length > 0) this.#now.parts[path] = owned;
    if (text === undefined && Object.keys(document).length === 0) return;
    this.#writes.push(() => this.#host.writeFile(path, `${JSON.stringify(document, undefined, 2)}\n`, options));
  }

  /** Writes all that is wanted, and removes what no longer is. */
  async finish(): Promise<void> {
    const paths = Object.keys(this.#before.parts).filter((file) => !(file in this.#now.parts));
    for (const path of paths) if ((await this.#host.readFile(path)) !== undefined) await this.merge(path, {});
    await this.#keep(union(this.#before, this.#now));
    for (const write of this.#writes) await write();
    for (const path of this.#before.files.filter((file) => !this.#now.files.includes(file))) {
      await this.#host.remove(path);
    }
    await this.#keep(this.#now);
  }

  async #keep({ files, parts }: State): Promise<void> {
    if (files.length > 0 || this.#before.files.length > 0) await this.#store.set("files", files);
    const hasParts = Object.keys(parts).length + Object.keys(this.#before.parts).length > 0;
    if (hasParts) await this.#store.set("parts", parts);
  }
}

/** What is ours while files are written: that of the run before, too. */
function union(before: State, now: State): State {
  const parts = { ...before.parts };
  for (const [path, owned] of Object.entries(now.parts)) {
    const joined = { ...parts[path] };
    for (const [key, names] of Object.entries(owned)) joined[key] = [...new Set([...(joined[key] ?? []), ...names])];
    parts[path] = joined;
  }
  return { files: [...new Set([...before.files, ...now.files])], parts };
}

function formerState(text: string): Record<string, unknown> | undefined {
  try {
    const state: unknown = JSON.parse(text);
    if (!isMapping(state) || state["version"] !== 1) return undefined;
    const { files, parts } = state;
    return Array.isArray(files) && isMapping(parts) ? { files, parts } : undefined;
  } catch {
    return undefined;
  }
}

type JsonObject = Record<string, unknown>;

/** @throws AgentError `bad-json-file` for a file of others that cannot be merged into */
function parseObject(path: string, text: string): JsonObject {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (isMapping(value)) return value;
  } catch {
    // Said below, in the same words as for a document that is no object.
  }
  throw new AgentError("bad-json-file", `${path} is no JSON object: it cannot be added to`);
}

function removeParts(document: JsonObject, owned: OwnedParts): void {
  for (const [key, names] of Object.entries(owned)) {
    const value = document[key];
    if (Array.isArray(value)) document[key] = value.filter((entry) => !names.includes(String(entry)));
    if (isMapping(value))
      document[key] = Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
    const left = document[key];
    if (isMapping(left) ? Object.keys(left).length === 0 : Array.isArray(left) && left.length === 0)
      delete document[key];
  }
}

/** What was there already is not ours, and stays when our part goes. */
function addParts(document: JsonObject, parts: Readonly<Record<string, object>>): OwnedParts {
  const owned: OwnedParts = {};
  for (const [key, added] of Object.entries(parts)) {
    const before = document[key];
    const names = Array.isArray(added)
      ? added.filter((entry: string) => !(Array.isArray(before) && before.includes(entry)))
      : Object.keys(added);
    if (names.length === 0) continue;
    owned[key] = names;
    if (Array.isArray(added)) document[key] = [...(Array.isArray(before) ? before : []), ...names];
    else document[key] = { ...(isMapping(before) ? before : {}), ...added };
  }
  return owned;
}
