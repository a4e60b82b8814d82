import { join, relative } from "node:path";
import type { CollectedElement } from "./collect.ts";

/** Turns absolute paths into those that the user wrote: in messages elements are called as on the command line. */
export class ShownPaths {
  readonly #elements: readonly CollectedElement[];

  constructor(elements: readonly CollectedElement[]) {
    // Of elements within each other the inner one is meant.
    this.#elements = [...elements].sort((one, other) => other.folder.length - one.folder.length);
  }

  elementOf(path: string): CollectedElement | undefined {
    return this.#elements.find(({ folder }) => path.startsWith(`${folder}/`));
  }

  show(path: string): string {
    const element = this.elementOf(path);
    return element === undefined ? path : join(element.path, relative(element.folder, path));
  }
}
