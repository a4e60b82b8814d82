import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const sources = globSync("{src,contributions/*/kanod}/**/*.ts", { cwd: root }).sort();

/** The table of CONTRIBUTING.md: what is added, and the paths that this touches, with NAME for its name. */
const rows = new Map(
  [...read("CONTRIBUTING.md").matchAll(/^\| (an? [a-z ]+) \| (.*) \|$/gm)].map(([, what = "", cell = ""]) => [
    what,
    [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, path = ""]) => (/[/.]/.test(path) ? path : [])),
  ]),
);

const touched = (what: string, name: string): string[] =>
  (rows.get(what) ?? []).map((path) => path.replaceAll("NAME", name)).sort();

/** The files outside of `inside` that import one of its modules. */
function importers(inside: string): string[] {
  return sources.filter((file) => {
    if (file.startsWith(inside)) return false;
    const paths = [...read(file).matchAll(/(?:from|import\([^"]*)\s*"(\.[^"]+)"/g)].map(([, path = ""]) =>
      normalize(join(dirname(file), path)),
    );
    return paths.some((path) => path.startsWith(inside));
  });
}

const folders = (pattern: string): string[] =>
  globSync(pattern, { cwd: root, withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? entry.name : []));

describe("CONTRIBUTING.md lists all that is touched by adding", () => {
  test("nothing that is not there", () => {
    for (const [what, paths] of rows) {
      const fixed = paths.filter((path) => !path.includes("NAME"));
      expect(fixed.filter((path) => !existsSync(join(root, path)), what)).toEqual([]);
    }
    expect([...rows.keys()].length).toBe(6);
  });

  // Names with a hyphen are those of the element and of nothing else.
  test.each(folders("contributions/*").filter((name) => name.includes("-")))("the contribution %s", (name) => {
    const files = globSync(["{src,schema,packaging,scripts}/**/*", "contributions/README.md"], {
      cwd: root,
      withFileTypes: true,
    })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
      // Texts for people may name what helps.
      .filter((file) => !/^src\/config\/codes\/|^(?!contributions\/README).*\/README\.md$/.test(file));
    const outside = files.filter((file) => new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(read(file)));
    const expected = touched("a contribution", name).filter((path) => path !== `contributions/${name}`);
    expect(outside.filter((file) => !expected.includes(file))).toEqual([]);
    expect(outside).toContain("contributions/README.md");
  });

  const renderers = "contributions/network/kanod/renderers";
  test.each(folders(`${renderers}/*`).filter((name) => existsSync(join(root, renderers, name, `${name}.ts`))))(
    "the renderer %s",
    (name) => {
      const others = importers(`${renderers}/${name}/`).filter((file) => dirname(file) === renderers);
      expect([`${renderers}/${name}`, ...others].sort()).toEqual(touched("a network renderer", name));
    },
  );

  const commands = [...read("src/cli/configure.ts").matchAll(/from "\.\/([a-z-]+)\.ts"/g)].map(([, name = ""]) => name);
  test.each(commands.filter((name) => read(`src/cli/${name}.ts`).includes("export function define")))(
    "the command in src/cli/%s.ts",
    (name) => {
      const users = importers(`src/cli/${name}.ts`).filter((file) => basename(file) === "configure.ts");
      expect(users).toEqual(touched("a command", name).filter((path) => path.endsWith("configure.ts")));
    },
  );
});
