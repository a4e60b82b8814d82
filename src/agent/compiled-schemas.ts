import { once } from "../config/once.ts";
import { bootSchema, type JsonSchema } from "../config/schema.ts";
import type { CompiledSchema } from "../config/validator.ts";
import type { CompiledImage, CompiledValidators } from "./image.ts";

/** An image's schemas. None is parsed, and no validator is evaluated, before it is asked for. */
export async function compiledSchemas(
  image: CompiledImage,
): Promise<Readonly<Record<keyof CompiledValidators, CompiledSchema>>> {
  const [validators, secrets] = [await image.validators(), await image.secrets()];
  const [schema, systemSchema] = [await image.schema(), await image.systemSchema()];
  const configuration = once(() => JSON.parse(schema) as JsonSchema);
  const system = once(() => JSON.parse(systemSchema) as JsonSchema);
  const schemaOf = { configuration, boot: () => bootSchema(configuration()), system };
  const compiled = (name: keyof CompiledValidators): CompiledSchema => ({
    get schema() {
      return schemaOf[name]();
    },
    get validator() {
      return validators[name];
    },
    secrets: secrets[name],
  });
  return { configuration: compiled("configuration"), boot: compiled("boot"), system: compiled("system") };
}
