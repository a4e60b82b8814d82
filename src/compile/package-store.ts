import { dirname, join, relative } from "node:path";
import { agentName } from "./launcher.ts";
import { copyTree, listTree, makeLink, pathKind, readText, realPath } from "./workspace.ts";

/** A static import or require of a package, as compilers, bundlers and people write it. */
const importOfPackage =
  /(?:\bfrom|\bimport|\brequire(?:\.resolve)?)\s*\(?\s*(?:\/\*[^*]*\*\/\s*)?["'`]((?:@[\w.~-]+\/)?[\w~][\w.~-]*)(?:\/[^"'`\n]*)?["'`]/g;

/**
 * Copies of the npm packages that contributions use, in the work folder. They are found as Node finds them, in
 * `node_modules` of the element's folder and the folders above. The bundler takes paths into its output: from copies it
 * takes the same ones, wherever the element lies and however its packages were installed.
 */
export class PackageStore {
  readonly #folder: string;
  /** Folder of the copy by the real folder of the package. */
  readonly #copies = new Map<string, string>();
  readonly #taken = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Makes what `files` import available in `linked`.
   *
   * @param files absolute paths of JavaScript files
   * @param from the folder from which Node would begin to look
   * @param linked a folder `node_modules`
   */
  async provide(files: readonly string[], from: string, linked: string): Promise<void> {
    for (const name of await importedPackages(files)) {
      const found = await findPackage(name, from);
      if (found === undefined) continue;
      const path = join(linked, name);
      if ((await pathKind(path)) === "none")
        await makeLink(relative(dirname(path), await this.#copy(name, found)), path);
    }
  }

  /** Where the package lay of which a copied file is part: to be named in messages. */
  originOf(file: string): { name: string; file: string } | undefined {
    for (const [original, copy] of this.#copies) {
      if (file.startsWith(`${copy}/`)) {
        const name = relative(join(this.#folder, ".."), copy).split("/node_modules/").at(-1) ?? "";
        return { name, file: join(original, relative(copy, file)) };
      }
    }
    return undefined;
  }

  async #copy(name: string, original: string): Promise<string> {
    const earlier = this.#copies.get(original);
    if (earlier !== undefined) return earlier;
    const modules = join(this.#folder, await this.#identity(name, original), "node_modules");
    const copy = join(modules, name);
    this.#copies.set(original, copy);
    await copyTree(original, copy, (path) => path === original || !/\/(?:node_modules|\.git)$/.test(path));
    const files = (await listTree(copy)).filter((file) => /\.[cm]?js$/.test(file)).map((file) => join(copy, file));
    await this.provide(files, original, modules);
    return copy;
  }

  /** Name and version; numbered where one version lies in several places, whose content may differ. */
  async #identity(name: string, original: string): Promise<string> {
    const version = /"version"\s*:\s*"([\w.+-]+)"/.exec((await readText(join(original, "package.json"))) ?? "")?.[1];
    const base = `${name.replace("/", "+")}@${version ?? "0"}`;
    let identity = base;
    for (let number = 2; this.#taken.has(identity); number++) identity = `${base}~${number}`;
    this.#taken.add(identity);
    return identity;
  }
}

async function importedPackages(files: readonly string[]): Promise<string[]> {
  const names = new Set<string>();
  for (const file of files) {
    for (const [, name = ""] of ((await readText(file)) ?? "").matchAll(importOfPackage)) names.add(name);
  }
  // Whatever copy of it lies about: contributions get the one that compiles them.
  names.delete(agentName);
  return [...names].sort();
}

/** The real folder of a package, looked for as Node does it (Node.js documentation, "Loading from node_modules"). */
async function findPackage(name: string, from: string): Promise<string | undefined> {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (!folder.endsWith("/node_modules") && (await pathKind(candidate)) === "folder") return realPath(candidate);
    if (folder === dirname(folder)) return undefined;
  }
}
