import type { JsonSchema } from "./schema.ts";

/** An ajv validation function: true, or false with the errors on the function itself. */
export interface Validator {
  (value: unknown): boolean;
  errors?: readonly ValidationError[] | null;
}

/** A schema with what was made of it, mostly in advance. A schema that must be parsed first may be a getter. */
export interface CompiledSchema {
  /** Asked for where something is wrong, to explain it. */
  readonly schema: JsonSchema;
  readonly validator: Validator;
  /** See secretSchema. */
  readonly secrets: JsonSchema;
}

/** The part of ajv's error object that is used. */
export interface ValidationError {
  keyword: string;
  instancePath: string;
  schemaPath: string;
  params: Record<string, unknown>;
  message?: string;
}
