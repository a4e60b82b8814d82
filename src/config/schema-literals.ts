import { isMapping } from "./mapping.ts";

/** What of a schema is kept. */
type Parts = { [name: string]: unknown };

const definition = /^const (schema\d+) = (\{.*\});$/gm;
const keyTest = /^const (\w+) = Object\.prototype\.hasOwnProperty;$/m;
const reference = /(?:\b(\w+)\.call\()?\b(schema\d+)((?:\.[A-Za-z_$][\w$]*|\["(?:[^"\\]|\\.)*"\]|\[\d+\])*)(?! = )/g;

/**
 * The code that ajv generates, without what it does not use of the schemas in it. It has them whole, to tell the values
 * of an `enum` and to ask for names of keys, and to make them all would take half of the time in which a validator is
 * loaded.
 */
export function withoutUnusedSchemas(code: string): string {
  const hasOwn = keyTest.exec(code)?.[1];
  const references = new Map<string, { path: string[]; isKeys: boolean }[]>();
  for (const [, caller, name = "", path = ""] of code.matchAll(reference)) {
    const known = references.get(name) ?? [];
    references.set(name, [...known, { path: partsOf(path), isKeys: caller !== undefined && caller === hasOwn }]);
  }
  return code.replace(definition, (line: string, name: string, literal: string) => {
    const schema: unknown = JSON.parse(literal);
    const parts: Parts = Object.create(null);
    for (const { path, isKeys } of references.get(name) ?? []) {
      if (path.length === 0) return line;
      keep(parts, schema, path, isKeys);
    }
    return `const ${name} = ${JSON.stringify(parts)};`;
  });
}

function partsOf(path: string): string[] {
  return [...path.matchAll(/\.([\w$]+)|\[("(?:[^"\\]|\\.)*"|\d+)\]/g)].map(
    ([, word, literal]) => word ?? String(JSON.parse(literal ?? "")),
  );
}

/** `isKeys`: of the last part only the names are asked for. */
function keep(parts: Parts, schema: unknown, [part = "", ...rest]: readonly string[], isKeys: boolean): void {
  const value = isTable(schema) ? schema[part] : undefined;
  if (rest.length > 0) {
    if (!isTable(parts[part])) parts[part] = Object.create(null);
    keep(parts[part] as Parts, value, rest, isKeys);
  } else if (isKeys && isMapping(value)) {
    const names = Object.fromEntries(Object.keys(value).map((name) => [name, 0]));
    parts[part] = { ...names, ...(parts[part] as object | undefined) };
  } else {
    parts[part] = value;
  }
}

/** Also a list, whose items have numbers for names. */
function isTable(value: unknown): value is Parts {
  return typeof value === "object" && value !== null;
}
