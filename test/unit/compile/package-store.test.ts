import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { PackageStore } from "../../../src/compile/package-store.ts";
import { temporaryFolder } from "../../support/cli.ts";

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

/** A package of one module, as an installation leaves it. */
function npmPackage(path: string, version: string, code: string): Record<string, string> {
  const name = path.split("node_modules/").at(-1);
  return { [`${path}/package.json`]: JSON.stringify({ name, version }), [`${path}/index.js`]: code };
}

/** Makes what `element/kanod/a.js` imports available in `linked/node_modules`; gives the folders. */
async function provide(
  files: Readonly<Record<string, string>>,
): Promise<{ from: string; linked: string; store: PackageStore }> {
  const folder = realpathSync(temporaryFolder());
  write(folder, files);
  const store = new PackageStore(join(folder, "stage/packages"));
  const linked = join(folder, "stage/linked/node_modules");
  await store.provide([join(folder, "tree/element/kanod/a.js")], join(folder, "tree/element/kanod"), linked);
  return { from: folder, linked, store };
}

/** What a package as a contribution sees it says. */
function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string }).version;
}

test("packages come from the nearest folder, from the element upward", async () => {
  const { linked } = await provide({
    "tree/element/kanod/a.js": 'import a from "near"; import b from "far"; import "missing";',
    ...npmPackage("tree/element/node_modules/near", "1.0.0", ""),
    ...npmPackage("tree/node_modules/near", "2.0.0", ""),
    ...npmPackage("tree/node_modules/far", "3.0.0", ""),
  });
  expect(readdirSync(linked).sort()).toEqual(["far", "near"]);
  expect(versionOf(join(linked, "near"))).toBe("1.0.0");
  expect(versionOf(join(linked, "far"))).toBe("3.0.0");
});

test("every form of import is seen, of subpaths and of packages with a scope too", async () => {
  const names = ["a", "b", "c", "d", "@scope/e", "f", "g"];
  const code = `import x from "a"; export*from"b/sub.js";
const c = require('c'), d = await import(/* webpackMode: "eager" */ "d"); import '@scope/e/deep/file';
require.resolve("f"); import(\`g\`);
// "unused" is no import; import "./relative.js"; import "node:fs"; import "kanod-configure";`;
  const everything = [...names, "unused", "kanod-configure"].map((name) =>
    npmPackage(`tree/node_modules/${name}`, "1.0.0", ""),
  );
  const { linked } = await provide({ "tree/element/kanod/a.js": code, ...Object.assign({}, ...everything) });
  const found = readdirSync(linked).flatMap((name) =>
    name.startsWith("@") ? readdirSync(join(linked, name)).map((inner) => `${name}/${inner}`) : [name],
  );
  expect(found.sort()).toEqual([...names].sort());
});

test("what a package needs is found from where it really lies, nested, hoisted or linked", async () => {
  const folder = realpathSync(temporaryFolder());
  write(folder, {
    "tree/element/kanod/a.js": 'import "outer"; import "linked";',
    ...npmPackage("tree/node_modules/outer", "1.0.0", 'require("inner"); require("hoisted");'),
    ...npmPackage("tree/node_modules/outer/node_modules/inner", "1.0.0", ""),
    ...npmPackage("tree/node_modules/inner", "9.0.0", ""),
    ...npmPackage("tree/node_modules/hoisted", "1.0.0", 'require("outer")'),
    // As pnpm lays packages out.
    ...npmPackage("store/linked@1/node_modules/linked", "1.0.0", 'require("beside")'),
    ...npmPackage("store/linked@1/node_modules/beside", "1.0.0", ""),
  });
  symlinkSync(join(folder, "store/linked@1/node_modules/linked"), join(folder, "tree/node_modules/linked"));
  const linked = join(folder, "stage/linked/node_modules");
  const store = new PackageStore(join(folder, "stage/packages"));
  await store.provide([join(folder, "tree/element/kanod/a.js")], join(folder, "tree/element/kanod"), linked);
  const outer = realpathSync(join(linked, "outer"));
  expect(versionOf(join(outer, "../inner"))).toBe("1.0.0");
  expect(existsSync(join(outer, "../hoisted/index.js"))).toBe(true);
  expect(existsSync(join(outer, "node_modules"))).toBe(false);
  expect(existsSync(join(realpathSync(join(linked, "linked")), "../beside/index.js"))).toBe(true);
});

test("the copies lie where name and version say, not where the packages lay", async () => {
  const files = {
    "tree/element/kanod/a.js": 'import "@scope/one"; import "two";',
    ...npmPackage("tree/element/node_modules/@scope/one", "1.2.3", 'import "two"'),
    ...npmPackage("tree/node_modules/two", "1.0.0", ""),
    ...npmPackage("tree/element/node_modules/@scope/one/node_modules/two", "1.0.0", "// another one"),
  };
  const listing = async (): Promise<string[]> => {
    const { from } = await provide(files);
    return readdirSync(join(from, "stage/packages")).sort();
  };
  expect(await listing()).toEqual(["@scope+one@1.2.3", "two@1.0.0", "two@1.0.0~2"]);
  expect(await listing()).toEqual(await listing());
});

test("a copied file is traced back to its package", async () => {
  const { from, linked, store } = await provide({
    "tree/element/kanod/a.js": 'import "@scope/one";',
    ...npmPackage("tree/element/node_modules/@scope/one", "1.0.0", ""),
  });
  expect(store.originOf(join(realpathSync(join(linked, "@scope/one")), "index.js"))).toEqual({
    name: "@scope/one",
    file: join(from, "tree/element/node_modules/@scope/one/index.js"),
  });
  expect(store.originOf(join(from, "tree/element/kanod/a.js"))).toBeUndefined();
});

/** What a package of `linked` finds in the place of another one. */
function nextTo(linked: string, name: string, other: string): string {
  return readFileSync(join(realpathSync(join(linked, name)), "..", other, "index.js"), "utf8");
}

test("what a package is used without is replaced by nothing", async () => {
  const { linked, store } = await provide({
    "tree/element/kanod/a.js": 'import(/* webpackMode: "eager" */ /* without: transport, @scope/log */ "client");',
    ...npmPackage(
      "tree/node_modules/client",
      "1.0.0",
      'require("transport")(); require("@scope/log"); require("kept");',
    ),
    ...npmPackage("tree/node_modules/transport", "1.0.0", 'require("deeper");'),
    ...npmPackage("tree/node_modules/@scope/log", "1.0.0", "log"),
    ...npmPackage("tree/node_modules/kept", "1.0.0", "kept"),
    ...npmPackage("tree/node_modules/deeper", "1.0.0", "deeper"),
  });
  expect(nextTo(linked, "client", "transport")).toBe("module.exports = () => undefined;\n");
  expect(nextTo(linked, "client", "@scope/log")).toBe("module.exports = () => undefined;\n");
  expect(nextTo(linked, "client", "kept")).toBe("kept");
  expect(readdirSync(join(linked, "../../packages")).sort()).toEqual(["client@1.0.0", "kept@1.0.0", "nothing"]);
  expect(store.originOf(realpathSync(join(linked, "client/index.js")))?.name).toBe("client");
});

test("a package is whole where one import of it needs all", async () => {
  const { linked } = await provide({
    "tree/element/kanod/a.js": 'require(/* without: transport */ "client"); require("client");',
    ...npmPackage("tree/node_modules/client", "1.0.0", 'require("transport");'),
    ...npmPackage("tree/node_modules/transport", "1.0.0", "transport"),
  });
  expect(nextTo(linked, "client", "transport")).toBe("transport");
});
