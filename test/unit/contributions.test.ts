import { existsSync, globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { registered } from "../../src/agent/registry.ts";
import { collectContributions } from "../../src/compile/collect.ts";
import { elementOfFolder } from "../../src/compile/elements.ts";
import { loadSchemas } from "../../src/compile/schemas.ts";
import { compileValidator } from "../../src/config/compile-validator.ts";
import { validateDocument } from "../../src/config/validate.ts";
import { parseYaml, parseYamlStream } from "../../src/config/yaml.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const folders = ["contributions", "packaging/modules/demo/elements"].flatMap((parent) => {
  const names = readdirSync(join(repository, parent)).map((name) => join(repository, parent, name));
  return names.filter((path) => statSync(path).isDirectory());
});
const withContribution = folders.filter((path) => existsSync(join(path, "kanod")));
const { schema, warnings } = await loadSchemas(
  await collectContributions(folders.filter((path) => existsSync(join(path, "schema.yaml"))).map(elementOfFolder)),
);
const validator = await compileValidator(schema);

test("the schemas of all that we ship fit together, and hold no slip", () => {
  expect(warnings).toEqual([]);
});

test("README.md lists each contribution that we ship, in the order in which they run", async () => {
  const rows: { stage: "boot" | "run"; priority: number; row: string }[] = [];
  for (const path of withContribution.filter((folder) => folder.startsWith(join(repository, "contributions/")))) {
    const element = basename(path);
    for (const file of readdirSync(join(path, "kanod")).filter((name) => name.endsWith(".ts"))) {
      const before = { boot: registered("boot"), run: registered("run") };
      await import(join(path, "kanod", file));
      for (const stage of ["boot", "run"] as const) {
        for (const { name, priority } of registered(stage).filter((one) => !before[stage].includes(one))) {
          rows.push({
            stage,
            priority,
            row: `| ${stage} | ${priority} | ${name} | [${element}](${element}/README.md) |`,
          });
        }
      }
    }
  }
  const sorted = rows.toSorted(
    (a, b) => a.stage.localeCompare(b.stage) || a.priority - b.priority || a.row.localeCompare(b.row, "en"),
  );
  const readme = readFileSync(join(repository, "contributions/README.md"), "utf8").split("\n");
  expect(readme.filter((line) => /^\| (boot|run) /.test(line))).toEqual(sorted.map(({ row }) => row));
});

test("no contribution and nothing in the kit keeps anything between runs in a variable of its module", () => {
  const files = globSync(["contributions/*/kanod/**/*.ts", "src/kit/**/*.ts"], { cwd: repository });
  const kept = files.flatMap((file) =>
    [
      ...readFileSync(join(repository, file), "utf8").matchAll(
        /^(?:export )?(?:let |const [^=\n]*= new (?:Weak)?(?:Map|Set)\b).*$/gm,
      ),
    ]
      .filter(([line]) => !/: Readonly(Map|Set)</.test(line))
      .map(([line]) => `${file}: ${line}`),
  );
  expect(files.length).toBeGreaterThan(100);
  expect(kept).toEqual([]);
});

describe.each(withContribution.map((path) => [path.split("/").at(-1) ?? "", path] as const))("%s", (name, path) => {
  const read = (file: string): string => readFileSync(join(path, file), "utf8");

  test("has what an element with a contribution has", () => {
    const missing = ["README.md", "schema.yaml", "example.yaml", "element-deps"].filter(
      (file) => !existsSync(join(path, file)),
    );
    expect(missing).toEqual([]);
    if (basename(dirname(path)) === "contributions") expect(existsSync(join(path, "package-installs.yaml"))).toBe(true);
    expect(read("element-deps").split("\n")).toContain("kanod-configure");
    expect(readdirSync(join(path, "kanod")).some((file) => file.endsWith(".ts"))).toBe(true);
    expect(readdirSync(join(path, "test")).some((file) => file.endsWith(".test.ts"))).toBe(true);
    expect(read("README.md").startsWith("# ")).toBe(true);
  });

  test("describes each of its keys", () => {
    const own = parseYaml(read("schema.yaml"), `${name}/schema.yaml`);
    expect(own.problems).toEqual([]);
    expect(undescribed(own.value, "")).toEqual([]);
  });

  test("has an example that is valid", () => {
    const document = parseYaml(read("example.yaml"), `${name}/example.yaml`);
    expect([...document.problems, ...validateDocument(document, { schema, validator })]).toEqual([]);
  });

  test("has a README whose YAML can be read", () => {
    for (const [, block = ""] of read("README.md").matchAll(/^```yaml\n(.*?)^```/gms)) {
      const problems = parseYamlStream(block, `${name}/README.md`).flatMap((document) => document.problems);
      expect(problems).toEqual([]);
    }
  });
});

/** Pointers of the properties that say nothing about themselves. */
function undescribed(value: unknown, pointer: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const here = `${pointer}/${key}`;
    // A condition describes nothing.
    if (["if", "then", "else"].includes(key)) return [];
    if (key !== "properties" || typeof item !== "object" || item === null) return undescribed(item, here);
    return Object.entries(item as Record<string, Record<string, unknown>>).flatMap(([property, its]) => {
      const told = its["description"] !== undefined || its["$ref"] !== undefined;
      return [...(told ? [] : [`${here}/${property}`]), ...undescribed(its, `${here}/${property}`)];
    });
  });
}

test("the README of a contribution has the codes of what its check finds", () => {
  const missing = withContribution.flatMap((path) => {
    const files = readdirSync(join(path, "kanod")).filter((name) => name.endsWith(".ts"));
    const source = files.map((name) => readFileSync(join(path, "kanod", name), "utf8")).join("\n");
    const codes = [...source.matchAll(/(?:\bcode: |\b(?:finding|error|warning)\()"([a-z]+(?:-[a-z0-9]+)+)"/g)].map(
      ([, code]) => code,
    );
    const readme = readFileSync(join(path, "README.md"), "utf8");
    return codes.filter((code) => !readme.includes(`\`${code}\``)).map((code) => `${basename(path)}: ${code}`);
  });
  expect(missing).toEqual([]);
});
