import { AgentError } from "../config/agent-error.ts";
import type { Host } from "../host/host.ts";
import type { Logger } from "../log/logger.ts";
import type { Contribution, Owed, Store, StoreState } from "./contribution.ts";
import { formatEntries, parseEntries, type StoreEntries, storedOwed, storedValue } from "./store-format.ts";

export const storeFolder = "/var/lib/kanod-configure/store";

/** Whether a path is that of the durable state: what is kept there is the agent's bookkeeping, not part of a configuration. */
export function isStorePath(path: string): boolean {
  return path === storeFolder || path.startsWith(`${storeFolder}/`);
}

/** The code of the error for a destructive action without the state that would permit it. */
export const damagedState = "damaged-state";

export interface StoresOptions {
  /** Names of the stores that there were at the end of an earlier run: one that is missing was lost. */
  known: readonly string[];
  /** A store has something in it. */
  onStored: (name: string) => void;
}

interface OpenStore {
  entries: StoreEntries;
  exists: boolean;
}

/** The stores of one run. Each is read when it is first asked for, and once. */
export class Stores {
  readonly #options: StoresOptions;
  readonly #open = new Map<string, Promise<OpenStore>>();

  constructor(options: StoresOptions) {
    this.#options = options;
  }

  /** The store of one element, or one of the agent's own. `host` reads and writes it. */
  open(name: string, host: Host, log: Logger): DurableStore {
    return new DurableStore(name, host, log, this.#options, this.#open);
  }
}

/** The name of the store that a contribution sees: that of its element. */
export function storeName({ element, name }: Pick<Contribution, "element" | "name">): string {
  return element === "" ? name : element;
}

/** No name of an element gives a path outside of the folder, nor one of the agent's own, which begin with `@`. */
export function storePath(name: string): string {
  return `${storeFolder}/${name.startsWith("@") ? name : encodeURIComponent(name)}.jsonl`;
}

/** Copies what cannot be understood to a name of its own, for people. Returns the new path. */
export async function setAside(host: Host, path: string, content: string): Promise<string> {
  const time = host
    .now()
    .toISOString()
    .replaceAll(/[-:]|\.\d+/g, "");
  const aside = `${path}.damaged-${time}`;
  await makeFolder(host);
  await host.writeFile(aside, content, { mode: 0o600, secret: true });
  return aside;
}

async function makeFolder(host: Host): Promise<void> {
  await host.makeDirectory(storeFolder, { mode: 0o700 });
}

/** See {@link Store}. */
export class DurableStore implements Store {
  readonly #name: string;
  readonly #host: Host;
  readonly #log: Logger;
  readonly #options: StoresOptions;
  readonly #open: Map<string, Promise<OpenStore>>;

  constructor(name: string, host: Host, log: Logger, options: StoresOptions, open: Map<string, Promise<OpenStore>>) {
    this.#name = name;
    this.#host = host;
    this.#log = log;
    this.#options = options;
    this.#open = open;
  }

  async state(): Promise<StoreState> {
    const { exists } = await this.#content();
    if ((await this.damage()).length > 0) return "damaged";
    return exists ? "ok" : "new";
  }

  async requireIntact(action: string): Promise<void> {
    const damage = await this.damage();
    if (damage.length === 0) return;
    const hint = `if nothing can be lost, remove ${damage.join(", ")} and run it again`;
    throw new AgentError(damagedState, `refusing to ${action}: the record of what was done here is damaged`, { hint });
  }

  async get<T>(key: string): Promise<T | undefined> {
    const { entries } = await this.#content();
    return structuredClone(entries.values.get(key)?.["value"]) as T | undefined;
  }

  async keys(): Promise<string[]> {
    return [...(await this.#content()).entries.values.keys()];
  }

  async set(key: string, value: unknown): Promise<void> {
    await this.#change(({ values }) => {
      const before = values.get(key);
      if (before !== undefined && JSON.stringify(before["value"]) === JSON.stringify(value)) return false;
      values.set(key, { ...before, ...storedValue(key, value) });
      return true;
    });
  }

  async delete(key: string): Promise<void> {
    await this.#change(({ values }) => values.delete(key));
  }

  async owe(key: string, data: unknown = null): Promise<void> {
    await this.#change(({ owed }) => {
      const before = owed.get(key);
      if (before !== undefined && JSON.stringify(before["data"]) === JSON.stringify(data)) return false;
      owed.set(key, { ...before, ...storedOwed(key, data) });
      return true;
    });
  }

  async settle(key: string): Promise<void> {
    await this.#change(({ owed }) => owed.delete(key));
  }

  async owed(kind?: string): Promise<Owed[]> {
    const { owed } = (await this.#content()).entries;
    const all = [...owed].map(([key, entry]) => ({ key, data: structuredClone(entry["data"]) }));
    return kind === undefined ? all : all.filter(({ key }) => kindOf(key) === kind);
  }

  async adopt(path: string, read: (text: string) => Readonly<Record<string, unknown>> | undefined): Promise<void> {
    const text = await this.#host.readFile(path);
    if (text === undefined) return;
    const found = read(text);
    if (found === undefined) await this.#warn(0, await setAside(this.#host, storePath(this.#name), text));
    await this.#change(({ values }) => {
      const missing = Object.entries(found ?? {}).filter(([key]) => !values.has(key));
      for (const [key, value] of missing) values.set(key, storedValue(key, value));
      return missing.length > 0;
    });
    await this.#host.remove(path);
  }

  /** A change is on disk before anything else is done. */
  async #change(change: (entries: StoreEntries) => boolean): Promise<void> {
    const content = await this.#content();
    if (!change(content.entries)) return;
    await makeFolder(this.#host);
    await this.#host.writeFile(storePath(this.#name), formatEntries(content.entries), { mode: 0o600, secret: true });
    content.exists = true;
    this.#options.onStored(this.#name);
  }

  #content(): Promise<OpenStore> {
    const opened = this.#open.get(this.#name) ?? this.#read();
    this.#open.set(this.#name, opened);
    return opened;
  }

  async #read(): Promise<OpenStore> {
    const path = storePath(this.#name);
    const text = await this.#host.readFile(path);
    const wasLost = text === undefined && this.#options.known.includes(this.#name);
    const { entries, rest } = parseEntries(text ?? "");
    if (wasLost || (text !== undefined && rest !== undefined)) {
      await this.#warn(entries.values.size + entries.owed.size, await setAside(this.#host, path, rest ?? ""));
      if (!wasLost) await this.#host.writeFile(path, formatEntries(entries), { mode: 0o600, secret: true });
    }
    if (text !== undefined) this.#options.onStored(this.#name);
    return { entries, exists: text !== undefined };
  }

  async #warn(kept: number, aside: string): Promise<void> {
    const what = `the durable state ${storePath(this.#name)} is damaged or was removed`;
    this.#log.warn(`${what}: ${kept} entries were kept, the rest is in ${aside}`);
  }

  /** Paths of what was set aside of this store, oldest first. */
  async damage(): Promise<string[]> {
    await this.#content();
    const paths = ((await this.#host.list(storeFolder)) ?? []).map((name) => `${storeFolder}/${name}`);
    return paths.filter((path) => path.startsWith(`${storePath(this.#name)}.damaged-`));
  }
}

/** The kind of an owed action: its key up to the first colon. */
export function kindOf(key: string): string {
  return key.split(":", 1)[0] ?? key;
}

/** What a contribution can do about what its element owes, and is still owed. */
export async function owedOf(contribution: Contribution, store: Store): Promise<Owed[]> {
  const kinds = contribution.options.owed ?? {};
  const all = Object.keys(kinds).length === 0 ? [] : await store.owed();
  return all.filter(({ key }) => Object.hasOwn(kinds, kindOf(key)));
}
