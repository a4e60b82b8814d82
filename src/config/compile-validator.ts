import type { JsonSchema } from "./schema.ts";
import { secretSchema } from "./secret-values.ts";
import type { CompiledSchema, Validator } from "./validator.ts";

/**
 * Compiles a schema that is not known before the run. It loads ajv: where the schema is known, the validator is
 * generated instead (generateValidators).
 *
 * @throws Error where the schema is none, as checkSchema reports with its place
 */
export async function compileValidator(schema: JsonSchema): Promise<Validator> {
  const { createValidator } = await import(/* webpackMode: "eager" */ "./generate-validators.ts");
  return createValidator(schema);
}

/** All that is made of a schema that is not known before the run. @throws Error like {@link compileValidator} */
export async function compileSchema(schema: JsonSchema): Promise<CompiledSchema> {
  return { schema, validator: await compileValidator(schema), secrets: secretSchema(schema) };
}
