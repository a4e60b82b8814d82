import { pointerParts } from "../../config/problem.ts";
import {
  isSchemaObject,
  type JsonSchema,
  type JsonSchemaObject,
  list,
  mapping,
  secretKeyword,
} from "../../config/schema.ts";
import { walkSchema } from "../../config/schema-walk.ts";
import { facts, typeName } from "./words.ts";

/** What a manual says of a schema. */
export interface Manual {
  title: string;
  description: string;
  /** One for each key of the document, then one for each definition that several of them share. */
  sections: Section[];
}

/** A key of the document, or a definition, with all that is below it. */
export interface Section {
  /** Name of the key, or of the definition. */
  name: string;
  isDefinition: boolean;
  entry: Entry;
}

/** One key, and what may be its value. */
export interface Entry {
  /** As people write it, from the section's name on: `ntp.servers[]`. */
  path: string;
  required: boolean;
  /** In words: `list of texts`. */
  type: string;
  description: string;
  /** What else holds for the value, such as `at least 1`. In Markdown. */
  facts: string[];
  /** Undefined where there is none. */
  default: unknown;
  examples: readonly unknown[];
  secret: boolean;
  /** Names of the definitions that describe the value, or its items. */
  definitions: string[];
  entries: Entry[];
}

const definitionsPrefix = "#/definitions/";

/** The manual of a schema, in the order in which it is written. */
export function manualOf(root: JsonSchema): Manual {
  const schema = isSchemaObject(root) ? root : {};
  return new ManualWriter(schema).manual();
}

/** A schema with what its `$ref` and allOf say, but for definitions that have a section of their own. */
interface Flat {
  keywords: JsonSchemaObject;
  properties: Map<string, JsonSchema>;
  required: Set<string>;
  /** What holds in some cases only: oneOf, anyOf, then, else. */
  alternatives: Flat[];
  definitions: string[];
}

class ManualWriter {
  readonly #root: JsonSchemaObject;
  /** Definitions that have a section of their own. */
  readonly #shared: ReadonlySet<string>;
  readonly #types: Map<string, string> = new Map();

  constructor(root: JsonSchemaObject) {
    this.#root = root;
    this.#shared = sharedDefinitions(root);
  }

  manual(): Manual {
    const { title, description } = this.#root;
    const flat = this.#flatten(this.#root);
    const keys = [...flat.properties].map(([name, schema]): Section => {
      return { name, isDefinition: false, entry: this.#entry(schema, name, flat.required.has(name)) };
    });
    const definitions = [...this.#shared].map((name): Section => {
      const schema = mapping(this.#root["definitions"])[name] as JsonSchema;
      return { name, isDefinition: true, entry: this.#entry(schema, name, false) };
    });
    return {
      title: text(title) || "Configuration",
      description: text(description),
      sections: [...keys, ...definitions],
    };
  }

  #entry(schema: JsonSchema, path: string, required: boolean): Entry {
    const flat = this.#flatten(schema);
    const { keywords } = flat;
    const items = this.#items(keywords);
    return {
      path,
      required,
      type: this.#type(flat),
      description: text(keywords["description"]),
      facts: facts(keywords),
      default: keywords["default"],
      examples: list(keywords["examples"]),
      secret: keywords[secretKeyword] === true || items?.keywords[secretKeyword] === true,
      definitions: [
        ...new Set(
          [flat, ...flat.alternatives, ...(items === undefined ? [] : [items])].flatMap((each) => each.definitions),
        ),
      ],
      entries: [...this.#below(flat, path), ...(items === undefined ? [] : this.#below(items, `${path}[]`))],
    };
  }

  #type(flat: Flat): string {
    const { keywords, alternatives, definitions } = flat;
    const items = this.#items(keywords);
    const described = alternatives.filter((each) => each.keywords["type"] !== undefined || each.definitions.length > 0);
    if (keywords["type"] === undefined && described.length > 0) {
      return [...new Set(described.map((each) => this.#type(each)))].join(" or ");
    }
    if (keywords["type"] === undefined && keywords["enum"] === undefined && definitions.length > 0) {
      return [...new Set(definitions.map((name) => this.#typeOfDefinition(name)))].join(" or ");
    }
    return typeName(keywords, items && this.#type(items));
  }

  /** A definition may be a list of itself. */
  #typeOfDefinition(name: string): string {
    const known = this.#types.get(name);
    if (known !== undefined) return known;
    this.#types.set(name, "any value");
    const type = this.#type(this.#flatten(mapping(this.#root["definitions"])[name]));
    this.#types.set(name, type);
    return type;
  }

  #items({ items }: JsonSchemaObject): Flat | undefined {
    return isSchemaObject(items) ? this.#flatten(items) : undefined;
  }

  #below(flat: Flat, path: string): Entry[] {
    return [...this.#entries(flat, path), ...this.#places(flat, path)];
  }

  /** The entries of a list in which each place has its meaning. */
  #places({ keywords }: Flat, path: string): Entry[] {
    const { items, minItems } = keywords;
    if (!Array.isArray(items)) return [];
    return items.map((schema, index) => this.#entry(schema, `${path}[${index}]`, index < Number(minItems ?? 0)));
  }

  /** The keys of a mapping, those of all its alternatives included. */
  #entries(flat: Flat, path: string): Entry[] {
    const { keywords, properties, required, alternatives } = flat;
    const own = [...properties].map(([name, schema]) => this.#entry(schema, `${path}.${name}`, required.has(name)));
    const named = [...Object.values(mapping(keywords["patternProperties"])), keywords["additionalProperties"]]
      .filter(isSchemaObject)
      .map((schema) => this.#entry(schema, `${path}.NAME`, false));
    const others = alternatives.flatMap((each) => this.#entries({ ...each, required: new Set() }, path));
    const known = new Set<string>();
    return [...own, ...named, ...others].filter((entry) => {
      const isNew = !known.has(entry.path);
      known.add(entry.path);
      return isNew;
    });
  }

  #flatten(schema: unknown, open: ReadonlySet<unknown> = new Set()): Flat {
    const flat: Flat = { keywords: {}, properties: new Map(), required: new Set(), alternatives: [], definitions: [] };
    if (isSchemaObject(schema) && !open.has(schema)) this.#add(flat, schema, new Set([...open, schema]));
    return flat;
  }

  #add(flat: Flat, schema: JsonSchemaObject, open: ReadonlySet<unknown>): void {
    flat.keywords = { ...schema, ...flat.keywords };
    for (const [name, property] of Object.entries(mapping(schema["properties"]))) {
      if (!flat.properties.has(name)) flat.properties.set(name, property as JsonSchema);
    }
    for (const name of list(schema["required"])) flat.required.add(String(name));
    const { $ref } = schema;
    if (typeof $ref === "string") this.#addReference(flat, $ref, open);
    for (const each of list(schema["allOf"])) {
      if (isSchemaObject(each) && !open.has(each)) this.#add(flat, each, new Set([...open, each]));
    }
    const alternatives = [...list(schema["oneOf"]), ...list(schema["anyOf"]), schema["then"], schema["else"]];
    for (const each of alternatives.filter(isSchemaObject)) flat.alternatives.push(this.#flatten(each, open));
  }

  #addReference(flat: Flat, ref: string, open: ReadonlySet<unknown>): void {
    const name = definitionName(ref);
    const target = name === undefined ? undefined : mapping(this.#root["definitions"])[name];
    if (name === undefined || !isSchemaObject(target)) return;
    if (this.#shared.has(name)) flat.definitions.push(name);
    else if (!open.has(target)) this.#add(flat, target, new Set([...open, target]));
  }
}

/** Definitions of mappings that are referred to more than once, or by themselves. */
function sharedDefinitions(root: JsonSchemaObject): Set<string> {
  const uses = new Map<string, number>();
  const recursive = new Set<string>();
  for (const { pointer, schema } of walkSchema(root)) {
    const name = typeof schema["$ref"] === "string" ? definitionName(schema["$ref"]) : undefined;
    if (name === undefined) continue;
    uses.set(name, (uses.get(name) ?? 0) + 1);
    const [first, second] = pointerParts(pointer);
    if (first === "definitions" && second === name) recursive.add(name);
  }
  const definitions = Object.entries(mapping(root["definitions"]));
  return new Set(
    definitions
      .filter(([name, schema]) => recursive.has(name) || ((uses.get(name) ?? 0) > 1 && describesMapping(schema)))
      .map(([name]) => name),
  );
}

function describesMapping(schema: unknown): boolean {
  return [...walkSchema(schema)].some((each) => Object.keys(mapping(each.schema["properties"])).length > 0);
}

function definitionName(ref: string): string | undefined {
  if (!ref.startsWith(definitionsPrefix)) return undefined;
  return pointerParts(ref.slice(1))[1];
}

function text(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}
