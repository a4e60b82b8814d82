interface OtherKeyword {
  /** Where the keyword comes from. */
  dialect: string;
  /** Whether what is valid there depends on it. */
  isCondition: boolean;
  hint?: string;
}

const dialects: Readonly<Record<string, readonly [keyword: string, isCondition: boolean, hint?: string][]>> = {
  "JSON Schema draft-04": [["id", false, "write `$id` at the root of the schema, or remove it"]],
  "JSON Schema 2019-09": [
    ["$anchor", true, "refer to the place itself, such as `#/definitions/NAME`"],
    ["$defs", true, "write `definitions`"],
    ["$recursiveAnchor", true],
    ["$recursiveRef", true, "write `$ref`"],
    ["$vocabulary", false],
    ["contentSchema", false],
    ["dependentRequired", true, "write `dependencies`"],
    ["dependentSchemas", true, "write `dependencies`"],
    ["deprecated", false, "say it in the description"],
    ["maxContains", true],
    ["minContains", true],
    ["unevaluatedItems", true, "write `additionalItems`"],
    ["unevaluatedProperties", true, "write `additionalProperties`"],
  ],
  "JSON Schema 2020-12": [
    ["$dynamicAnchor", true],
    ["$dynamicRef", true, "write `$ref`"],
    ["prefixItems", true, "write a list of schemas as `items`, and `additionalItems` for the rest"],
  ],
  OpenAPI: [
    ["discriminator", false, "write `oneOf` with a `const` in each branch"],
    ["nullable", false, "write `type: [string, 'null']`, or the like"],
  ],
  ajv: [["$async", false]],
};

/** Keywords of other dialects of JSON Schema than draft-07, which authors take for known. */
export const otherDialects: ReadonlyMap<string, OtherKeyword> = new Map(
  Object.entries(dialects).flatMap(([dialect, keywords]) =>
    keywords.map(([keyword, isCondition, hint]): [string, OtherKeyword] => [
      keyword,
      { dialect, isCondition, ...(hint === undefined ? {} : { hint }) },
    ]),
  ),
);
