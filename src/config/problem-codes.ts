/**
 * The codes of the problems that this layer finds, in the order of docs/problems.md, which explains them. They are part
 * of the interface: scripts rely on them.
 */
export const problemCodes = [
  // The text and its YAML.
  "input-too-large",
  "not-utf8",
  "control-character",
  "yaml-syntax",
  "duplicate-key",
  "key-not-scalar",
  "unknown-tag",
  "unresolved-alias",
  "circular-alias",
  "alias-bomb",
  "bad-merge",
  "too-deep",
  "several-documents",
  "not-a-mapping",
  "too-many-problems",
  // The data against a schema.
  "unknown-key",
  "missing-key",
  "exclusive-keys",
  "bad-key",
  "wrong-type",
  "not-in-enum",
  "bad-format",
  "pattern",
  "too-small",
  "too-large",
  "not-a-multiple",
  "too-short",
  "too-long",
  "too-few",
  "too-many",
  "not-unique",
  "forbidden",
  "no-alternative",
  "several-alternatives",
  "invalid",
  // A schema itself.
  "bad-schema",
  "dangling-ref",
  "circular-ref",
  "unknown-format",
  "bad-pattern",
  "unknown-keyword",
  "never-valid",
] as const;

export type ProblemCode = (typeof problemCodes)[number];
