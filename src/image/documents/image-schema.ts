import { collectContributions } from "../../compile/collect.ts";
import { loadSchemas } from "../../compile/schemas.ts";
import { findProgram } from "../../compile/workspace.ts";
import type { JsonSchemaObject } from "../../config/schema.ts";
import { expandElements } from "../diskimage-builder.ts";
import type { RequestedImage } from "./request-images.ts";

/**
 * The schema that configurations of an image are checked against, merged from its elements; undefined where
 * diskimage-builder cannot be asked which elements these are.
 *
 * @throws BuildError with what is wrong in the elements
 */
export async function imageSchema({ plan }: RequestedImage): Promise<JsonSchemaObject | undefined> {
  const program = await findProgram("disk-image-create");
  if (program === undefined) return undefined;
  const folders = (plan.variables.get("ELEMENTS_PATH") ?? "").split(":");
  const expanded = await expandElements(program, plan.elements, folders);
  // What is wrong with the elements is told by the build.
  if (expanded === undefined || "fault" in expanded) return undefined;
  const inputs = expanded.elements.map(({ name, folder }) => ({ name, path: folder, optional: true }));
  return (await loadSchemas(await collectContributions(inputs))).schema;
}
