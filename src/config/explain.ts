import { escapePointerPart, pointerParts } from "./problem.ts";
import {
  alongside,
  isSchemaObject,
  type JsonSchema,
  type JsonSchemaObject,
  list,
  mapping,
  matches,
  resolveRef,
  schemasOfItem,
  schemasOfKey,
} from "./schema.ts";
import { suggest } from "./suggest.ts";
import type { ValidationError } from "./validator.ts";

/** An error of a validator, with the schema that raised it. */
export interface MatchedError {
  error: ValidationError;
  /** The schema that has the keyword; undefined where it was not found. */
  schema?: JsonSchemaObject;
  /** The value that is wrong. */
  value: unknown;
  /** For a key of another oneOf branch: the keys it conflicts with. */
  conflicts?: readonly string[];
  /** The same error in all alternatives, none of which fits better than the others. */
  alternatives?: readonly MatchedError[];
}

/**
 * The errors of a validator that tell a person what to change. Generated validators name the place in the schema only
 * up to the last `$ref`, and for oneOf and anyOf they list the errors of all branches. So schema and value are walked
 * together here; each error is matched with the schema that raised it, and only the branch that comes nearest counts.
 */
export function explainErrors(root: JsonSchema, value: unknown, errors: readonly ValidationError[]): MatchedError[] {
  const explainer = new Explainer(root, errors);
  const found = explainer.collect(root, value, "");
  const unmatched = errors.filter((error) => !explainer.matched.has(error));
  // What is wrong is never hidden, also where a validator was made of another schema.
  const rest = found.length + unmatched.length > 0 ? unmatched : errors;
  return [...found, ...rest.map((error) => ({ error, value: valueAt(value, error.instancePath) }))];
}

function valueAt(root: unknown, pointer: string): unknown {
  return pointerParts(pointer).reduce((value, part) => (value as Record<string, unknown> | undefined)?.[part], root);
}

class Explainer {
  readonly matched: Set<ValidationError> = new Set();
  readonly #root: JsonSchema;
  readonly #errors: Map<string, ValidationError[]> = new Map();
  /** Pointers at or below which there are errors: nothing else needs to be walked. */
  readonly #wanted: Set<string> = new Set();

  constructor(root: JsonSchema, errors: readonly ValidationError[]) {
    this.#root = root;
    for (const error of errors) {
      const here = this.#errors.get(error.instancePath);
      if (here === undefined) this.#errors.set(error.instancePath, [error]);
      else here.push(error);
      this.#want(error.instancePath);
    }
  }

  collect(schema: unknown, value: unknown, pointer: string, walked: ReadonlySet<unknown> = new Set()): MatchedError[] {
    if (!this.#wanted.has(pointer) || walked.has(schema)) return [];
    if (schema === false) return this.#here(pointer, (error) => error.keyword === "false schema", {}, value);
    if (!isSchemaObject(schema)) return [];
    const below = new Set([...walked, schema]);
    return [
      ...this.#own(schema, value, pointer),
      ...this.#together(schema, value, pointer, below),
      ...this.#alternatives(schema, "anyOf", value, pointer, below),
      ...this.#alternatives(schema, "oneOf", value, pointer, below),
      ...this.#children(schema, value, pointer),
    ];
  }

  #want(instancePath: string): void {
    let pointer = instancePath;
    while (!this.#wanted.has(pointer)) {
      this.#wanted.add(pointer);
      if (pointer === "") return;
      pointer = pointer.slice(0, pointer.lastIndexOf("/"));
    }
  }

  #here(
    pointer: string,
    accepts: (error: ValidationError) => boolean,
    schema: JsonSchemaObject,
    value: unknown,
  ): MatchedError[] {
    const errors = (this.#errors.get(pointer) ?? []).filter(accepts);
    for (const error of errors) this.matched.add(error);
    return errors.map((error) => ({ error, schema, value }));
  }

  /** The errors of the schema's own keywords. A wrong type says all: what follows from it is left out. */
  #own(schema: JsonSchemaObject, value: unknown, pointer: string): MatchedError[] {
    const own = this.#here(pointer, (error) => isRaisedBy(error, schema), schema, value);
    const wrongType = own.find(({ error }) => error.keyword === "type");
    return wrongType === undefined ? own.filter(({ error }) => !isSummary(error)) : [wrongType];
  }

  /** What holds together with the schema: `$ref`, allOf, then, else, dependencies. */
  #together(schema: JsonSchemaObject, value: unknown, pointer: string, walked: ReadonlySet<unknown>): MatchedError[] {
    const ref = schema["$ref"];
    const failing = this.#find(pointer, "if")?.params["failingKeyword"];
    // The errors of a key's name stand at the mapping itself: the error of propertyNames says which key it is.
    this.collect(schema["propertyNames"], undefined, pointer, walked);
    return [
      ...(typeof ref === "string" ? [resolveRef(this.#root, ref)] : []),
      ...list(schema["allOf"]),
      ...(typeof failing === "string" ? [schema[failing]] : []),
      ...Object.values(mapping(schema["dependencies"])),
    ].flatMap((each) => this.collect(each, value, pointer, walked));
  }

  #children(schema: JsonSchemaObject, value: unknown, pointer: string): MatchedError[] {
    if (Array.isArray(value)) {
      const { contains, ...others } = schema;
      return value.flatMap((item, index) => {
        // Why an item is not the one that `contains` asks for is no error of the item.
        this.collect(contains, item, `${pointer}/${index}`);
        return this.#each(schemasOfItem(others, index), item, `${pointer}/${index}`);
      });
    }
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([key, item]) => {
      const below = `${pointer}/${escapePointerPart(key)}`;
      return this.#wanted.has(below) ? this.#each(schemasOfKey(schema, key), item, below) : [];
    });
  }

  #each(schemas: readonly JsonSchema[], value: unknown, pointer: string): MatchedError[] {
    return schemas.flatMap((schema) => this.collect(schema, value, pointer));
  }

  #alternatives(
    schema: JsonSchemaObject,
    keyword: "anyOf" | "oneOf",
    value: unknown,
    pointer: string,
    walked: ReadonlySet<unknown>,
  ): MatchedError[] {
    const branches = list(schema[keyword]);
    const error = this.#find(pointer, keyword);
    if (branches.length === 0 || error === undefined) return [];
    const passing = list(error.params["passingSchemas"]).map((index) => branches[Number(index)]);
    if (passing.length > 0) return [{ error, schema, value, conflicts: this.#demandedKeys(passing, value) }];
    const found = branches.map((branch) => this.collect(branch, value, pointer, walked));
    if (found.some((each) => each.length === 0)) return [];
    const scores = found.map((each) => sum(each.map((one) => weight(one, pointer))));
    const best = Math.min(...scores);
    const nearest = found.filter((_, index) => scores[index] === best);
    const common = nearest.length > 1 ? inCommon(nearest) : [];
    if (common.length > 0) return common;
    const index = scores.indexOf(best);
    const others = branches.filter((_, other) => other !== index);
    return (found[index] ?? []).map((one) => this.#withConflicts(one, branches[index], others, value, pointer));
  }

  #find(pointer: string, keyword: string): ValidationError | undefined {
    return this.#errors.get(pointer)?.find((error) => error.keyword === keyword);
  }

  /** Keys of the value that some of the branches, but not all of them, ask for. */
  #demandedKeys(branches: readonly unknown[], value: unknown): string[] {
    const demands = branches.map(
      (branch) => new Set(this.#alongside(branch).flatMap(({ required }) => list(required))),
    );
    return Object.keys(mapping(value)).filter((key) => {
      const asking = demands.filter((each) => each.has(key)).length;
      return asking > 0 && asking < demands.length;
    });
  }

  /** Adds to an unknown key of the nearest branch the keys that it conflicts with, if another branch has it. */
  #withConflicts(
    one: MatchedError,
    branch: unknown,
    others: readonly unknown[],
    value: unknown,
    pointer: string,
  ): MatchedError {
    const key = one.error.params["additionalProperty"];
    if (one.error.instancePath !== pointer || typeof key !== "string") return one;
    const other = others.find((each) => this.#knows(each, key));
    if (other === undefined) return one;
    const conflicts = Object.keys(mapping(value)).filter(
      (each) => this.#knows(branch, each) && !this.#knows(other, each),
    );
    return { ...one, conflicts };
  }

  #knows(branch: unknown, key: string): boolean {
    return this.#alongside(branch).some(({ properties }) => Object.hasOwn(mapping(properties), key));
  }

  #alongside(branch: unknown): JsonSchemaObject[] {
    return isSchemaObject(branch) ? alongside(this.#root, branch) : [];
  }
}

/** How far an error takes a branch of alternatives from being the one that was meant. */
function weight({ error, schema }: MatchedError, pointer: string): number {
  const { keyword, instancePath, params } = error;
  const depth = instancePath.slice(pointer.length).split("/").length - 1;
  const isChoice = keyword === "const" || keyword === "enum";
  if (depth === 0) {
    if (keyword === "type" || keyword === "false schema") return 1000;
    if (isChoice) return 500;
    if (keyword !== "additionalProperties") return 10;
    return suggest(String(params["additionalProperty"]), Object.keys(mapping(schema?.["properties"]))) ? 7 : 10;
  }
  // A key such as `kind` or `type` tells the branches apart.
  return depth === 1 && isChoice ? 100 : 3 / depth;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** Of branches that are equally far away, the errors that all of them have. */
function inCommon(branches: readonly MatchedError[][]): MatchedError[] {
  const [first = [], ...others] = branches;
  return first.flatMap((one) => {
    const same = others.map((other) => other.find(({ error }) => isSameKind(error, one.error)));
    if (!same.every((each) => each !== undefined)) return [];
    // Alternatives may be nested.
    return [{ ...one, alternatives: [one, ...same].flatMap((each) => each.alternatives ?? [each]) }];
  });
}

function isSameKind(a: ValidationError, b: ValidationError): boolean {
  return (
    a.keyword === b.keyword &&
    a.instancePath === b.instancePath &&
    a.params["additionalProperty"] === b.params["additionalProperty"]
  );
}

/** Errors that only say that others, which are reported, are there. */
function isSummary({ keyword }: ValidationError): boolean {
  return keyword === "if" || keyword === "anyOf" || keyword === "oneOf";
}

/** Names of the parameters that repeat the keyword's value. */
const repeated = ["allowedValue", "allowedValues", "format", "limit", "multipleOf", "pattern", "type"];

function isRaisedBy(error: ValidationError, schema: JsonSchemaObject): boolean {
  const { keyword, params } = error;
  const { properties, patternProperties, additionalProperties, additionalItems, items, dependencies } = schema;
  switch (keyword) {
    case "required":
      return list(schema["required"]).includes(params["missingProperty"]);
    case "dependencies":
      return list(mapping(dependencies)[String(params["property"])]).includes(params["missingProperty"]);
    case "additionalItems":
      return additionalItems === false && list(items).length === params["limit"];
    case "additionalProperties": {
      const key = String(params["additionalProperty"]);
      if (additionalProperties !== false || Object.hasOwn(mapping(properties), key)) return false;
      return !Object.keys(mapping(patternProperties)).some((pattern) => matches(pattern, key));
    }
    default: {
      const said = repeated.find((name) => name in params);
      if (schema[keyword] === undefined) return false;
      return said === undefined || JSON.stringify(params[said]) === JSON.stringify(schema[keyword]);
    }
  }
}
