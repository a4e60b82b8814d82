import type { Host } from "kanod-configure";

const path = "/var/lib/kanod-configure/disks.json";

/** What was done to a volume or file system: written before it is done, and again after it. */
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
 * Remembers what was done for which size of the disk, so that a share of the free space is taken only once, and is taken
 * to its end by a run that follows an interrupted one. A damaged file counts as none.
 */
export class Marks {
  readonly #host: Host;
  readonly #marks: Record<string, Mark>;

  private constructor(host: Host, marks: Record<string, Mark>) {
    this.#host = host;
    this.#marks = marks;
  }

  static async read(host: Host): Promise<Marks> {
    return new Marks(host, parse((await host.readFile(path)) ?? ""));
  }

  get(name: string): Mark | undefined {
    return Object.hasOwn(this.#marks, name) ? this.#marks[name] : undefined;
  }

  async set(name: string, mark: Mark): Promise<void> {
    this.#marks[name] = mark;
    const text = JSON.stringify({ version: 1, marks: this.#marks }, undefined, 2);
    await this.#host.writeFile(path, `${text}\n`);
  }
}

function parse(text: string): Record<string, Mark> {
  try {
    const state = JSON.parse(text) as { version?: number; marks?: Record<string, Mark> } | null;
    return state?.version === 1 && typeof state.marks === "object" ? { ...state.marks } : {};
  } catch {
    return {};
  }
}
