import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import "../../proxy-certificates/kanod/proxy-certificates.ts";
import "../kanod/vault.ts";
import { findings } from "../../../src/agent/configuration.ts";
import { registered } from "../../../src/agent/registry.ts";
import { collectContributions } from "../../../src/compile/collect.ts";
import { elementOfFolder } from "../../../src/compile/elements.ts";
import { loadSchemas } from "../../../src/compile/schemas.ts";
import { compileValidator } from "../../../src/config/compile-validator.ts";
import { validateDocument } from "../../../src/config/validate.ts";
import { parseYaml } from "../../../src/config/yaml.ts";

const contributions = fileURLToPath(new URL("../..", import.meta.url));
const read = (name: string, file: string): string => readFileSync(join(contributions, name, file), "utf8");
const folders = readdirSync(contributions).map((name) => join(contributions, name));
const elements = folders.filter((path) => statSync(path).isDirectory()).map(elementOfFolder);
const { schema } = await loadSchemas(await collectContributions(elements));
const validator = await compileValidator(schema);

const examples = ["proxy-certificates", "vault"].flatMap((name) => {
  const blocks = [...read(name, "README.md").matchAll(/^```yaml\n(.*?)^```/gms)].map(([, block = ""]) => block);
  return [...blocks, read(name, "example.yaml")].map((text, index) => [`${name} ${index + 1}`, text] as const);
});

test.each(examples)("the example %s is a configuration without any fault", (name, text) => {
  const document = parseYaml(text, name);
  expect([...document.problems, ...validateDocument(document, { schema, validator })]).toEqual([]);
  expect(findings({ conf: document.value as never, system: {} }, registered("run"))).toEqual([]);
});
