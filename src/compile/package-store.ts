import { dirname, join, relative } from "node:path";
import { agentName } from "./launcher.ts";
import { copyTree, listTree, makeLink, pathKind, readText, realPath, writeText } from "./workspace.ts";

/** A static import or require of a package, as compilers, bundlers and people write it. */
const importOfPackage =
  /(?:\bfrom|\bimport|\brequire(?:\.resolve)?)\s*\(?\s*(?<comments>(?:\/\*[^*]*\*\/\s*)*)["'`](?<name>(?:@[\w.~-]+\/)?[\w~][\w.~-]*)(?:\/[^"'`\n]*)?["'`]/g;

/** A comment of such an import: names of packages that the imported one is used without. */
const withoutPackages = /\/\*\s*without:\s*([^*]+?)\s*\*\//;

/**
 * In place of a package that another one is used without: most packages import all others when they are imported, and
 * some call one then, as `debug("name")`.
 */
const nothing = "module.exports = () => undefined;\n";

/**
 * Copies of the npm packages that contributions use, in the work folder. They are found as Node finds them, in
 * `node_modules` of the element's folder and the folders above. The bundler takes paths into its output: from copies it
 * takes the same ones, wherever the element lies and however its packages were installed.
 */
export class PackageStore {
  readonly #folder: string;
  /** Folder of the copy by the real folder of the package, followed by the names of what it is used without. */
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
   * @param leftOut packages that get {@link nothing} in their place
   */
  async provide(
    files: readonly string[],
    from: string,
    linked: string,
    leftOut: ReadonlySet<string> = new Set(),
  ): Promise<void> {
    for (const [name, without] of await importedPackages(files)) {
      const path = join(linked, name);
      const original = leftOut.has(name) ? undefined : await findPackage(name, from);
      const found = leftOut.has(name) ? await this.#nothing() : original && (await this.#copy(name, original, without));
      if (found !== undefined && (await pathKind(path)) === "none")
        await makeLink(relative(dirname(path), found), path);
    }
  }

  /** Where the package lay of which a copied file is part: to be named in messages. */
  originOf(file: string): { name: string; file: string } | undefined {
    for (const [key, copy] of this.#copies) {
      if (file.startsWith(`${copy}/`)) {
        const [original = ""] = key.split("\0");
        const name = relative(join(this.#folder, ".."), copy).split("/node_modules/").at(-1) ?? "";
        return { name, file: join(original, relative(copy, file)) };
      }
    }
    return undefined;
  }

  /** A folder outside of any `node_modules`: it is no package that would be named in the licences. */
  async #nothing(): Promise<string> {
    const folder = join(this.#folder, "nothing");
    await writeText(join(folder, "index.js"), nothing);
    await writeText(join(folder, "package.json"), "{}");
    return folder;
  }

  async #copy(name: string, original: string, without: ReadonlySet<string>): Promise<string> {
    const key = [original, ...without].join("\0");
    const earlier = this.#copies.get(key);
    if (earlier !== undefined) return earlier;
    const modules = join(this.#folder, await this.#identity(name, original), "node_modules");
    const copy = join(modules, name);
    this.#copies.set(key, copy);
    await copyTree(original, copy, (path) => path === original || !/\/(?:node_modules|\.git)$/.test(path));
    const files = (await listTree(copy)).filter((file) => /\.[cm]?js$/.test(file)).map((file) => join(copy, file));
    await this.provide(files, original, modules, without);
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

/** Names of the packages, each with those that it is used without by every import of it. */
async function importedPackages(files: readonly string[]): Promise<[name: string, without: ReadonlySet<string>][]> {
  const packages = new Map<string, ReadonlySet<string>>();
  for (const file of files) {
    for (const { groups } of ((await readText(file)) ?? "").matchAll(importOfPackage)) {
      const { name = "", comments = "" } = groups ?? {};
      const without = new Set(
        withoutPackages
          .exec(comments)?.[1]
          ?.split(/[\s,]+/)
          .sort(),
      );
      const earlier = packages.get(name);
      packages.set(name, earlier === undefined ? without : new Set([...earlier].filter((each) => without.has(each))));
    }
  }
  // Whatever copy of it lies about: contributions get the one that compiles them.
  packages.delete(agentName);
  return [...packages].sort(([one], [other]) => (one < other ? -1 : 1));
}

/** The real folder of a package, looked for as Node does it (Node.js documentation, "Loading from node_modules"). */
async function findPackage(name: string, from: string): Promise<string | undefined> {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (!folder.endsWith("/node_modules") && (await pathKind(candidate)) === "folder") return realPath(candidate);
    if (folder === dirname(folder)) return undefined;
  }
}
