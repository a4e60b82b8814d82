import { isSchemaObject, type JsonSchema, mapping, resolveRef, secretKeyword } from "../config/schema.ts";
import { walkSchema } from "../config/schema-walk.ts";
import { secretValues } from "../config/secret-values.ts";
import type { YamlDocument } from "../config/yaml.ts";

/**
 * The numbers of the lines that hold something which the schema marks `x-kanod-secret`, so that they can be masked. Of
 * a document with errors also the lines that look as if they did: what the YAML means is then not certain.
 *
 * @param secrets what secretSchema makes of the schema
 */
export function secretLines(document: YamlDocument, secrets: JsonSchema): ReadonlySet<number> {
  const value = document.value ?? document.partial;
  const lines = new Set(secretValues(secrets, value).pointers.flatMap((pointer) => document.linesOf(pointer)));
  if (document.problems.length === 0) return lines;
  return new Set([...lines, ...suspiciousLines(document.text, secretKeys(secrets))]);
}

/** The lines of a text, of which the schema describes only parts, that look as if they held a secret. */
export function suspectedLines(text: string, secrets: JsonSchema): ReadonlySet<number> {
  return new Set(suspiciousLines(text, secretKeys(secrets)));
}

/** Names of keys whose value is a secret, or holds one. */
function secretKeys(secrets: JsonSchema): Set<string> {
  const names = new Set<string>();
  for (const { schema: each } of walkSchema(secrets)) {
    for (const [name, value] of Object.entries(mapping(each["properties"]))) {
      const target =
        isSchemaObject(value) && typeof value["$ref"] === "string" ? resolveRef(secrets, value["$ref"]) : value;
      if ([value, target].some((it) => mapping(it)[secretKeyword] === true)) names.add(name);
    }
  }
  return names;
}

/** A line with which something new begins: an item, a key, a document. */
const newEntry = /^\s*(?:-\s|["']?[^\s"':]+["']?\s*:(?:\s|$)|---(?:\s|$)|\.\.\.(?:\s|$))/;

/** From a line that names such a key on, up to the next entry that is indented no more than the key. */
function suspiciousLines(text: string, keys: ReadonlySet<string>): number[] {
  if (keys.size === 0) return [];
  const names = [...keys].map((key) => key.replace(/[^\w-]/g, "\\$&")).join("|");
  const secretKey = new RegExp(`(?<![\\w-])(?:${names})(?![\\w-])`);
  const found: number[] = [];
  let keyIndent: number | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const ends = keyIndent !== undefined && indentation(line) <= keyIndent && newEntry.test(line);
    if (ends) keyIndent = undefined;
    const at = line.search(secretKey);
    if (keyIndent === undefined && at !== -1) keyIndent = columns(line.slice(0, at));
    if (keyIndent !== undefined && line.trim() !== "") found.push(index + 1);
  }
  return found;
}

function indentation(line: string): number {
  return columns(line.slice(0, line.search(/\S|$/)));
}

/** A tab, which YAML does not allow there, is meant as an indentation of several spaces. */
function columns(text: string): number {
  return text.replaceAll("\t", "        ").length;
}
