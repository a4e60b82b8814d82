import { AgentError } from "../../config/agent-error.ts";
import type { Host, WriteOptions } from "../../host/host.ts";

const statePath = "/var/lib/kanod-configure/registries.json";

/** Keys and list entries of a JSON document: for a list those entries that are ours, for an object its keys. */
type OwnedParts = Record<string, string[]>;

interface State {
  version: 1;
  /** Files that we made. */
  files: string[];
  /** Parts of JSON files that others share, by path. */
  parts: Record<string, OwnedParts>;
}

/**
 * The files of a container engine as one run of ours leaves them: what an earlier run wrote and this one does not is
 * removed, what others wrote is kept. Call {@link finish} at the end.
 */
export class OwnedFiles {
  readonly #host: Host;
  readonly #before: State;
  readonly #now: State = { version: 1, files: [], parts: {} };

  private constructor(host: Host, before: State) {
    this.#host = host;
    this.#before = before;
  }

  static async open(host: Host): Promise<OwnedFiles> {
    return new OwnedFiles(host, parseState((await host.readFile(statePath)) ?? ""));
  }

  /** Writes a file that is all ours. Returns whether anything changed. */
  async write(path: string, content: string, options?: WriteOptions): Promise<boolean> {
    this.#now.files.push(path);
    return (await this.#host.writeFile(path, content, options)) !== "same";
  }

  /**
   * Puts `parts` into a JSON object that others share: strings are added to the list of that key, the properties of an
   * object to the object of that key. What an earlier run put there is taken out first. Returns whether anything changed.
   */
  async merge(
    path: string,
    parts: Readonly<Record<string, readonly string[] | Readonly<Record<string, unknown>>>>,
    options?: WriteOptions,
  ): Promise<boolean> {
    const text = await this.#host.readFile(path);
    const document = parseObject(path, text ?? "");
    removeParts(document, this.#before.parts[path] ?? {});
    const owned = addParts(document, parts);
    if (Object.keys(owned).length > 0) this.#now.parts[path] = owned;
    if (text === undefined && Object.keys(document).length === 0) return false;
    return (await this.#host.writeFile(path, `${JSON.stringify(document, undefined, 2)}\n`, options)) !== "same";
  }

  /** Removes what is no longer wanted, and remembers what is ours. Returns the paths that this changed. */
  async finish(): Promise<string[]> {
    const changed: string[] = [];
    for (const path of this.#before.files.filter((file) => !this.#now.files.includes(file))) {
      if (await this.#host.remove(path)) changed.push(path);
    }
    for (const path of Object.keys(this.#before.parts).filter((file) => !(file in this.#now.parts))) {
      if ((await this.#host.readFile(path)) !== undefined && (await this.merge(path, {}))) changed.push(path);
    }
    const isEmpty = this.#now.files.length + Object.keys(this.#now.parts).length === 0;
    const wasEmpty = (await this.#host.readFile(statePath)) === undefined;
    if (!isEmpty || !wasEmpty) await this.#host.writeFile(statePath, `${JSON.stringify(this.#now, undefined, 2)}\n`);
    return changed;
  }
}

type JsonObject = Record<string, unknown>;

/** @throws AgentError `bad-json-file` for a file of others that cannot be merged into */
function parseObject(path: string, text: string): JsonObject {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Said below, in the same words as for a document that is no object.
  }
  throw new AgentError("bad-json-file", `${path} is no JSON object: it cannot be added to`);
}

function removeParts(document: JsonObject, owned: OwnedParts): void {
  for (const [key, names] of Object.entries(owned)) {
    const value = document[key];
    if (Array.isArray(value)) document[key] = value.filter((entry) => !names.includes(String(entry)));
    if (isObject(value))
      document[key] = Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
    const left = document[key];
    if (isObject(left) ? Object.keys(left).length === 0 : Array.isArray(left) && left.length === 0)
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
    else document[key] = { ...(isObject(before) ? before : {}), ...added };
  }
  return owned;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A damaged state counts as none: then nothing is known to be ours. */
function parseState(text: string): State {
  try {
    const state = JSON.parse(text) as Partial<State> | null;
    if (state?.version === 1 && Array.isArray(state.files) && isObject(state.parts)) return state as State;
  } catch {
    // As for a state of another form.
  }
  return { version: 1, files: [], parts: {} };
}
