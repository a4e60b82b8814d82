import { join } from "node:path";
import { collectContributions } from "./collect.ts";
import type { ElementInput } from "./elements.ts";
import { describeImage, systemRuntime } from "./manifest.ts";
import { loadSchemas, schemaText } from "./schemas.ts";
import { stageImage } from "./stage-image.ts";
import { generateTypes } from "./types.ts";
import { copyTree, packageFolder, removeTree, temporaryParent, withFolder, writeText } from "./workspace.ts";

/**
 * Writes `dist/image`, the image of all that this package ships, as modules that are not bundled: the programs of the
 * package use it where no image was compiled, as to validate a configuration on a workstation. Beside it, in
 * `dist/types`, the types of that image's configuration, with which our own contributions are checked in place.
 */
export async function writeShippedImage(inputs: readonly ElementInput[]): Promise<void> {
  const elements = await collectContributions(inputs);
  const schemas = await loadSchemas(elements);
  const manifest = await describeImage(elements, schemaText(schemas.schema), systemRuntime);
  const types = await generateTypes(schemas.schema, schemas.systemSchema);
  await withFolder(temporaryParent(), "kanod-configure-", async (work) => {
    const stage = await stageImage({ elements, ...schemas, manifest }, types, work);
    const target = join(packageFolder, "dist/image");
    await removeTree(target);
    await copyTree(stage.folder, target);
  });
  for (const [name, text] of types) await writeText(join(packageFolder, "dist/types", name), text);
}
