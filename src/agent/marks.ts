import type { Logger } from "../log/logger.ts";
import type { Contribution } from "./contribution.ts";
import type { DurableStore } from "./store.ts";

/** The agent's own store. */
export const marksStore = "@agent";

/** The marks as the journal shows them. */
export interface PublishedMarks {
  /** `stage/name` of the contributions with frequency `once` that succeeded. */
  once: string[];
  /** The same for `per-instance`, with the instance-id for which it holds. */
  perInstance: { instanceId: string; done: string[] };
}

/** An instance-id is never empty: this is the one of a machine on which cloud-init has not run. */
const noInstance = "";

/** Set, to the instance-id, when marks were lost: whatever has none may have been done all the same. */
const lostKey = "lost";
const frequencies: ReadonlySet<string> = new Set(["once", "per-instance"]);

/**
 * Which contributions need not run again. A mark is the instance-id for which the contribution succeeded; without an
 * instance-id that can be read, that of an earlier run still holds.
 */
export class Marks {
  readonly #store: DurableStore;
  readonly #instanceId: string | undefined;
  /** By the key in the store, such as `once/run/NAME`. */
  readonly #marks: Map<string, string>;

  private constructor(store: DurableStore, instanceId: string | undefined, marks: Map<string, string>) {
    this.#store = store;
    this.#instanceId = instanceId;
    this.#marks = marks;
  }

  /**
   * The journal shows the marks, too: it completes a store that is damaged, and that of a machine which an agent of
   * version 0.1 configured, which kept them there. Marks that both have lost stay lost until what was set aside of the
   * store is removed.
   */
  static async open(
    store: DurableStore,
    instanceId: string | undefined,
    journal: PublishedMarks | undefined,
    log: Logger,
  ): Promise<Marks> {
    const marks = new Marks(store, instanceId, await readMarks(store));
    const damage = await store.damage();
    if (journal !== undefined) await marks.#complete(journal);
    else if (damage.length > 0) await marks.#set(lostKey, instanceId ?? noInstance);
    if (!marks.#marks.has(lostKey)) return marks;
    if (damage.length === 0) await marks.#forget(lostKey);
    else log.warn(`what was done once is not known any more, and not done again until ${damage.join(", ")} is removed`);
    return marks;
  }

  /** Why a contribution need not run; undefined for one that must. */
  settledReason(contribution: Contribution): string | undefined {
    const frequency = contribution.options.frequency ?? "always";
    if (!frequencies.has(frequency)) return undefined;
    if (this.#holds(frequency, this.#marks.get(keyOf(frequency, contribution))))
      return frequency === "once" ? "done once on this machine" : "done for this instance";
    const mayBeDone = this.#holds(frequency, this.#marks.get(lostKey));
    return mayBeDone ? "it may have been done before: the record of it is lost" : undefined;
  }

  #holds(frequency: string, mark: string | undefined): boolean {
    if (mark === undefined) return false;
    return frequency === "once" || this.#instanceId === undefined || mark === this.#instanceId;
  }

  async settle(contribution: Contribution): Promise<void> {
    const frequency = contribution.options.frequency ?? "always";
    if (frequencies.has(frequency)) await this.#set(keyOf(frequency, contribution), this.#instanceId ?? noInstance);
  }

  published(): PublishedMarks {
    const marks = [...this.#marks];
    const instanceId = this.#instanceId ?? marks.find(([key]) => key.startsWith("per-instance/"))?.[1] ?? noInstance;
    const names = (frequency: string): string[] =>
      marks.flatMap(([key, mark]) => {
        const isMeant = key.startsWith(`${frequency}/`) && (frequency === "once" || mark === instanceId);
        return isMeant ? [key.slice(frequency.length + 1)] : [];
      });
    return { once: names("once"), perInstance: { instanceId, done: names("per-instance") } };
  }

  async #complete({ once, perInstance: { instanceId, done } }: PublishedMarks): Promise<void> {
    const keys = [...once.map((name) => `once/${name}`), ...done.map((name) => `per-instance/${name}`)];
    for (const key of keys) if (!this.#marks.has(key)) await this.#set(key, instanceId);
  }

  async #set(key: string, mark: string): Promise<void> {
    this.#marks.set(key, mark);
    await this.#store.set(key, mark);
  }

  async #forget(key: string): Promise<void> {
    this.#marks.delete(key);
    await this.#store.delete(key);
  }
}

function keyOf(frequency: string, { stage, name }: Contribution): string {
  return `${frequency}/${stage}/${name}`;
}

async function readMarks(store: DurableStore): Promise<Map<string, string>> {
  const marks = new Map<string, string>();
  for (const key of await store.keys()) marks.set(key, String(await store.get(key)));
  return marks;
}
