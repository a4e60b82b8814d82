import { join } from "node:path";
import { explainErrors } from "../config/explain.ts";
import { createValidator } from "../config/generate-validators.ts";
import { wordingOf } from "../config/messages.ts";
import { hasErrors, type Problem } from "../config/problem.ts";
import { type JsonSchema, type JsonSchemaObject, list, mapping } from "../config/schema.ts";
import { walkSchema } from "../config/schema-walk.ts";
import { validateDocument } from "../config/validate.ts";
import { parseYamlStream } from "../config/yaml.ts";
import type { CollectedElement } from "./collect.ts";
import type { MergedSchema } from "./merge-schemas.ts";
import { readText } from "./workspace.ts";

/** What is wrong with the elements' `example.yaml`, and with `examples` and `default` of the merged schema: warnings. */
export async function badExamples(merged: MergedSchema, elements: readonly CollectedElement[]): Promise<Problem[]> {
  return [...(await badFiles(merged.schema, elements)), ...badValues(merged)].map((problem) => ({
    ...problem,
    severity: "warning",
  }));
}

async function badFiles(schema: JsonSchema, elements: readonly CollectedElement[]): Promise<Problem[]> {
  const validator = createValidator(schema);
  const problems: Problem[] = [];
  for (const { path } of elements) {
    const file = join(path, "example.yaml");
    for (const document of parseYamlStream((await readText(file)) ?? "{}", file)) {
      if (hasErrors(document.problems)) problems.push(...document.problems);
      else if (isWhole(document.value, schema)) problems.push(...validateDocument(document, { schema, validator }));
    }
  }
  return problems.map((problem) => ({ ...problem, code: "bad-example" }));
}

/** A part, such as the sections of one element alone, is an example too. */
function isWhole(value: unknown, schema: JsonSchema): boolean {
  const required = list(mapping(schema)["required"]);
  return required.every((key) => Object.hasOwn(mapping(value), String(key)));
}

interface Sample {
  at: string;
  /** Of the schema that the value is for. */
  schema: string;
  value: unknown;
}

function badValues({ schema, locate }: MergedSchema): Problem[] {
  const samples = [...walkSchema(schema)].flatMap(({ pointer, schema: each }): Sample[] => [
    ...("default" in each ? [{ at: `${pointer}/default`, schema: pointer, value: each["default"] }] : []),
    ...list(each["examples"]).map((value, index) => ({ at: `${pointer}/examples/${index}`, schema: pointer, value })),
  ]);
  const probe = probeOf(schema, samples);
  const document = Object.fromEntries(samples.map(({ value }, index) => [`${prefix}${index}`, value]));
  const validator = createValidator(probe);
  if (validator(document)) return [];
  const wrong = new Map<string, Problem>();
  for (const explained of explainErrors(probe, document, validator.errors ?? [])) {
    const index = /^\/\(sample\)(\d+)(?=\/|$)/.exec(explained.error.instancePath)?.[1];
    const sample = index === undefined ? undefined : samples[Number(index)];
    if (sample === undefined || wrong.has(sample.at)) continue;
    const keyword = sample.at.endsWith("/default") ? "default" : "example";
    const message = `this ${keyword} is not valid: ${wordingOf(explained, true).message.replaceAll(/\(sample\)\d+/g, keyword)}`;
    const source = locate(sample.at);
    const place = source === undefined ? {} : { source };
    wrong.set(sample.at, { severity: "warning", code: "bad-example", pointer: sample.at, message, ...place });
  }
  return [...wrong.values()];
}

/** No key of a configuration begins with it. */
const prefix = "(sample)";

/** A schema for one document with all samples, so that it is compiled once. The rest of it stays: `$ref`s lead there. */
function probeOf(schema: JsonSchemaObject, samples: readonly Sample[]): JsonSchemaObject {
  const properties = samples.map(({ schema: at }, index) => {
    const fragment = at.split("/").map(encodeURIComponent).join("/");
    return [`${prefix}${index}`, { $ref: `#${fragment}` }] as const;
  });
  return {
    ...schema,
    required: [],
    properties: { ...mapping(schema["properties"]), ...Object.fromEntries(properties) },
  };
}
