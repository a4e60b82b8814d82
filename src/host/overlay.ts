import type { Code } from "../config/codes/catalogue.ts";
import { refusal } from "./file-error.ts";
import type { Change, FileStatus, Host, Ownership } from "./host.ts";
import { pathFault, pathNames } from "./path.ts";

/** What an {@link Overlay} lies on. */
export type OverlayBase = Pick<Host, "readBytes" | "stat" | "list">;

type Owner = { uid: number; gid: number };

type Node =
  | { kind: "file"; content: Buffer; mode: number; owner: Owner; secret: boolean }
  /** `opaque`: nothing of the base shows in it. Without a mode it has that of the base. */
  | { kind: "directory"; mode?: number; owner?: Owner; opaque: boolean }
  | { kind: "symlink"; target: string }
  | { kind: "absent" };

/** A file as it is before it is written. */
export interface OverlayFile {
  content: Buffer;
  mode: number;
  owner: Owner;
  /** It was written as a secret, or not everybody may read it. */
  secret: boolean;
}

const root: Owner = { uid: 0, gid: 0 };
const maximumLinks = 40;

/**
 * A file tree in memory over another one, which it never changes. Paths are resolved as {@link Tree} does it, so that a
 * plan goes where the run will go.
 */
export class Overlay {
  readonly #base: OverlayBase | undefined;
  /** By path without links. */
  readonly #nodes = new Map<string, Node>();
  /** Folders of the base, which are on the way to everything. */
  readonly #folders = new Map<string, FileStatus>();

  constructor(base: OverlayBase | undefined) {
    this.#base = base;
  }

  /** The path without links where a path leads; undefined where a folder on the way is missing and none is made. */
  async resolve(
    action: string,
    path: string,
    options: { follow: boolean; make?: boolean },
  ): Promise<string | undefined> {
    const refuse = (code: Code, reason: string) => refusal(code, action, path, reason);
    const fault = pathFault(path);
    if (fault !== undefined) throw refuse("bad-path", fault);
    const pending = pathNames(path);
    let at: string[] = [];
    let links = 0;
    for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
      if (name === "..") {
        at.pop();
        continue;
      }
      const next = join([...at, name]);
      const status = await this.status(next);
      const isLast = pending.length === 0;
      if (status?.kind === "symlink" && (!isLast || options.follow)) {
        if (++links > maximumLinks) throw refuse("symlink-loop", "too many symbolic links");
        const target = status.target ?? "";
        if (target.startsWith("/")) at = [];
        pending.unshift(...pathNames(target));
        continue;
      }
      if (!isLast && status?.kind !== "directory") {
        if (!options.make) return undefined;
        if (status !== undefined) throw refuse("not-a-folder", `${name} on the way to it is not a folder`);
        this.#nodes.set(next, { kind: "directory", mode: 0o755, owner: root, opaque: true });
      }
      at.push(name);
    }
    return join(at);
  }

  /** Like all below: of a path without links. */
  async status(path: string): Promise<FileStatus | undefined> {
    const node = this.#nodes.get(path);
    if (node?.kind === "absent") return undefined;
    if (node?.kind === "file") return statusOf("file", node.mode, node.owner, node.content.length);
    if (node?.kind === "symlink")
      return { ...statusOf("symlink", 0o777, root, node.target.length), target: node.target };
    const below = node?.kind === "directory" && node.opaque ? undefined : await this.#belowStatus(path);
    if (node === undefined) return below;
    const { mode = below?.mode ?? 0o755, owner = below ?? root } = node;
    return statusOf("directory", mode, owner, below?.size ?? 0);
  }

  async file(path: string): Promise<OverlayFile | undefined> {
    const node = this.#nodes.get(path);
    if (node?.kind === "file") return node;
    const status = await this.status(path);
    const bytes = status?.kind === "file" ? await this.#base?.readBytes(path) : undefined;
    if (status === undefined || bytes === undefined) return undefined;
    const { mode, uid, gid } = status;
    return { content: Buffer.from(bytes), mode, owner: { uid, gid }, secret: (mode & 0o004) === 0 };
  }

  async names(path: string): Promise<string[]> {
    const node = this.#nodes.get(path);
    const opaque = this.#isHidden(path) || (node?.kind === "directory" && node.opaque);
    const names = new Set(opaque ? [] : await this.#base?.list(path));
    const prefix = path === "/" ? "/" : `${path}/`;
    for (const [other, { kind }] of this.#nodes) {
      const name = other.startsWith(prefix) ? other.slice(prefix.length) : "";
      if (name === "" || name.includes("/")) continue;
      if (kind === "absent") names.delete(name);
      else names.add(name);
    }
    return [...names].sort();
  }

  setFile(path: string, file: OverlayFile): void {
    this.#nodes.set(path, { kind: "file", ...file });
  }

  setLink(path: string, target: string): void {
    this.#nodes.set(path, { kind: "symlink", target });
  }

  /** Makes a folder where nothing is, or changes one. */
  async setFolder(path: string, { mode, owner }: Ownership): Promise<Change> {
    const status = await this.status(path);
    const node = this.#nodes.get(path);
    const opaque = status === undefined || (node?.kind === "directory" && node.opaque);
    const wanted = { mode: mode ?? status?.mode ?? 0o755, owner: owner ?? ownerOf(status) };
    const isRight = status?.mode === wanted.mode && status.uid === wanted.owner.uid && status.gid === wanted.owner.gid;
    if (isRight) return "same";
    this.#nodes.set(path, { kind: "directory", ...wanted, opaque });
    return status === undefined ? "created" : "changed";
  }

  remove(path: string): void {
    for (const other of this.#nodes.keys()) if (other.startsWith(`${path}/`)) this.#nodes.delete(other);
    this.#nodes.set(path, { kind: "absent" });
  }

  async #belowStatus(path: string): Promise<FileStatus | undefined> {
    if (this.#isHidden(path)) return undefined;
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const status = await this.#base?.stat(path);
    if (status?.kind === "directory") this.#folders.set(path, status);
    return status ?? (path === "/" ? statusOf("directory", 0o755, root, 0) : undefined);
  }

  /** Whether something above the path was removed, replaced or made new: nothing of the base shows there. */
  #isHidden(path: string): boolean {
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      const node = this.#nodes.get(path.slice(0, end));
      if (node !== undefined && !(node.kind === "directory" && !node.opaque)) return true;
    }
    return false;
  }
}

function join(names: readonly string[]): string {
  return `/${names.join("/")}`;
}

function ownerOf(status: FileStatus | undefined): Owner {
  return status === undefined ? root : { uid: status.uid, gid: status.gid };
}

function statusOf(kind: FileStatus["kind"], mode: number, { uid, gid }: Owner, size: number): FileStatus {
  return { kind, mode, uid, gid, size };
}
