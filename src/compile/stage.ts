import { join, relative } from "node:path";
import type { CollectedElement } from "./collect.ts";
import { PackageStore } from "./package-store.ts";
import { copyTree, listTree, move, pathKind, readText } from "./workspace.ts";

/**
 * The folder that is bundled: the compiled contributions of all elements, what is generated, and the npm packages they
 * use. Its layout depends on names alone, so that the bundle does too.
 */
export class Stage {
  readonly folder: string;
  readonly packages: PackageStore;

  constructor(folder: string) {
    this.folder = folder;
    this.packages = new PackageStore(join(folder, "packages"));
  }

  /**
   * Takes over what was compiled.
   *
   * @param emitted a folder that has each compiled file at its absolute path
   */
  async addElements(elements: readonly CollectedElement[], emitted: string): Promise<void> {
    // Of elements within each other the inner one goes first: else it would go along with the outer one.
    const innerFirst = [...elements].sort((one, other) => other.folder.length - one.folder.length);
    for (const { name, folder } of innerFirst) {
      const compiled = join(emitted, folder);
      if ((await pathKind(compiled)) === "folder") await move(compiled, this.elementFolder(name));
    }
    for (const element of elements) await this.#completeElement(element);
  }

  /** Where an element's files are: two levels deep, so that `../other` leads nowhere. */
  elementFolder(name: string): string {
    return join(this.folder, "elements", encodeURIComponent(name), "element");
  }

  /** The module of a contribution, relative to the folder. */
  moduleOf(element: string, file: string): string {
    return relative(this.folder, join(this.elementFolder(element), file.replace(/\.ts$/, ".js")));
  }

  async #completeElement({ name, folder }: CollectedElement): Promise<void> {
    const own = this.elementFolder(name);
    const files = (await listTree(own)).filter((file) => /\.[cm]?js$/.test(file));
    for (const file of files) {
      if (await becameModule(join(folder, file), join(own, file))) await copyTree(join(folder, file), join(own, file));
    }
    const paths = files.map((file) => join(own, file));
    await this.packages.provide(paths, join(folder, "kanod"), join(own, "node_modules"));
  }
}

/** TypeScript marks a CommonJS file as an ES module, in which it would not work. */
async function becameModule(original: string, compiled: string): Promise<boolean> {
  const [before, after] = [await readText(original), await readText(compiled)];
  if (before === undefined || after === undefined) return false;
  const marked = after.trimEnd().endsWith("export {};") && !/\bexport\s*\{\s*\}/.test(before);
  return marked && /\brequire\s*\(|\bexports\b/.test(before);
}
