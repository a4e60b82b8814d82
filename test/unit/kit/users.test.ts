import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const files = (pattern: string): string[] => globSync(pattern, { cwd: root }).sort();

/** Promised to the authors of other elements, whether ours use it or not. */
const promised = ["src/kit/references/vault-client.ts", "src/kit/templates.ts", "src/kit/toml.ts"];

/** The files of the kit that a file imports, directly. */
function imported(file: string): string[] {
  const specifiers = [...read(file).matchAll(/(?:from|import\([^"]*)\s*"(\.[^"]+)"/g)].map(([, path]) => path ?? "");
  return specifiers.map((path) => normalize(join(dirname(file), path))).filter((path) => path.startsWith("src/kit/"));
}

/** Which file of the kit exports a name. */
const exporters = new Map(
  [...read("src/kit/index.ts").matchAll(/export (?:type )?\{([^}]+)\} from "(\.[^"]+)"/g)].flatMap(([, names, path]) =>
    (names ?? "")
      .split(",")
      .map((name): [string, string] => [name.replace(/\btype\b/, "").trim(), join("src/kit", path ?? "")]),
  ),
);

function importedByName(file: string): string[] {
  const lists = [...read(file).matchAll(/import (?:type )?\{([^}]+)\} from "kanod-configure"/g)];
  const names = lists.flatMap(([, list = ""]) => list.split(",").map((name) => name.replace(/\btype\b/, "").trim()));
  return names.flatMap((name) => exporters.get(name) ?? []);
}

/** The elements that use each file of the kit, also through other files of it. */
function usersOfKit(): Map<string, Set<string>> {
  const users = new Map<string, Set<string>>();
  const visit = (file: string, element: string): void => {
    const known = users.get(file) ?? new Set();
    if (known.has(element)) return;
    users.set(file, known.add(element));
    for (const next of imported(file)) visit(next, element);
  };
  for (const file of files("{contributions,packaging/modules/*/elements}/*/kanod/**/*.ts")) {
    const [element = ""] = file.split("/kanod/");
    for (const used of importedByName(file)) visit(used, element);
  }
  return users;
}

test("what the kit holds has two elements that use it, or was promised to authors", () => {
  const users = usersOfKit();
  const lonely = files("src/kit/**/*.ts").filter((file) => (users.get(file)?.size ?? 0) < 2);
  expect(lonely.filter((file) => file !== "src/kit/index.ts")).toEqual(promised);
});
