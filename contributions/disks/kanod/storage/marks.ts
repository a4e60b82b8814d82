import type { Store } from "kanod-configure";

/** What was done to a volume or file system: stored before it is done, and again after it. */
export interface Mark {
  /** What was asked for, such as `+20%FREE`. */
  asked: string;
  /** The size of what it was done in: of the volume group in extents, or of the device in bytes. */
  within: number;
  /** In extents or bytes: the size that it gets. */
  target: number;
  done: boolean;
}

/**
 * Remembers what was grown for which size of the disk, so that a share of the free space is taken only once, and is taken
 * to its end by a run that follows an interrupted one.
 */
export class Marks {
  readonly #store: Store;
  readonly #marks: Map<string, Mark>;

  private constructor(store: Store, marks: Map<string, Mark>) {
    this.#store = store;
    this.#marks = marks;
  }

  static async read(store: Store): Promise<Marks> {
    const keys = (await store.keys()).filter((key) => key.startsWith(prefix));
    const marks = new Map<string, Mark>();
    for (const key of keys) marks.set(key.slice(prefix.length), (await store.get<Mark>(key)) as Mark);
    return new Marks(store, marks);
  }

  get(name: string): Mark | undefined {
    return this.#marks.get(name);
  }

  async set(name: string, mark: Mark): Promise<void> {
    this.#marks.set(name, mark);
    await this.#store.set(`${prefix}${name}`, mark);
  }
}

const prefix = "grown:";

/** In version 0.1 `disk NAME`, by the disk's spelling in the configuration: that disk was wiped, or not to be wiped. */
export function wipedBefore(name: string): string {
  return `${prefix}disk ${name}`;
}

/** Takes over the state of version 0.1. */
export async function adoptFormerMarks(store: Store): Promise<void> {
  await store.adopt("/var/lib/kanod-configure/disks.json", (text) => {
    try {
      const state = JSON.parse(text) as { version?: number; marks?: Record<string, Mark> } | null;
      if (state?.version !== 1 || typeof state.marks !== "object") return undefined;
      return Object.fromEntries(Object.entries(state.marks).map(([name, mark]) => [`${prefix}${name}`, mark]));
    } catch {
      return undefined;
    }
  });
}
