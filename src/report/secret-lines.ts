import { isSchemaObject, type JsonSchema, mapping, resolveRef, secretKeyword, secretValues } from "../config/schema.ts";
import { walkSchema } from "../config/schema-walk.ts";
import type { YamlDocument } from "../config/yaml.ts";

/**
 * The numbers of the lines that hold something which the schema marks `x-kanod-secret`, so that they can be masked. Of
 * a document with errors also the lines that look as if they did: what the YAML means is then not certain.
 */
export function secretLines(document: YamlDocument, schema: JsonSchema): ReadonlySet<number> {
  const value = document.value ?? document.partial;
  const lines = new Set(secretValues(schema, value).pointers.flatMap((pointer) => document.linesOf(pointer)));
  if (document.problems.length > 0)
    for (const line of suspiciousLines(document.text, secretKeys(schema))) lines.add(line);
  return lines;
}

/** Names of keys whose value is a secret, or holds one. */
function secretKeys(schema: JsonSchema): Set<string> {
  const names = new Set<string>();
  for (const { schema: each } of walkSchema(schema)) {
    for (const [name, value] of Object.entries(mapping(each["properties"]))) {
      const target =
        isSchemaObject(value) && typeof value["$ref"] === "string" ? resolveRef(schema, value["$ref"]) : value;
      if ([value, target].some((it) => mapping(it)[secretKeyword] === true)) names.add(name);
    }
  }
  return names;
}

/** A key at the start of a line, behind dashes and quotes, with its indentation; or somewhere in a flow mapping. */
const keyInLine = /^([\s-]*)["']?([^\s"':{[,]+)["']?\s*:(?=\s|$)/;
const newEntry = /^\s*(?:- |(?:- )*["']?[^\s"':]+["']?\s*:(?:\s|$)|---(?:\s|$)|\.\.\.(?:\s|$))/;

/** From a line with such a key on, up to the next entry that is indented no more than it. */
function suspiciousLines(text: string, keys: ReadonlySet<string>): number[] {
  const found: number[] = [];
  let secretIndent: number | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const indent = line.search(/\S|$/);
    if (secretIndent !== undefined && indent <= secretIndent && newEntry.test(line)) secretIndent = undefined;
    const names = line.match(/[^\s"'{}[\],:]+(?=["']?\s*:)/g) ?? [];
    if (secretIndent === undefined && names.some((name) => keys.has(name)))
      secretIndent = keyInLine.exec(line)?.[1]?.length ?? indent;
    if (secretIndent !== undefined) found.push(index + 1);
  }
  return found;
}
