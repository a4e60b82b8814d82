import { inDist } from "./agent-files.ts";
import { bundleImage } from "./bundle-image.ts";
import { collectContributions } from "./collect.ts";
import type { ElementInput } from "./elements.ts";
import { assetsOf, imageParts, packagedProgram } from "./launcher.ts";
import { describeImage, systemRuntime } from "./manifest.ts";
import { loadSchemas, schemaText } from "./schemas.ts";
import { stageImage } from "./stage-image.ts";
import { generateTypes } from "./types.ts";
import { temporaryParent, withFolder, writeText } from "./workspace.ts";

/**
 * Writes `dist/program.cjs`, with the image of all that this package ships: the programs of the package use it where no image
 * was compiled, as to validate a configuration on a workstation. Beside it, in `dist/types`, the types of that image's
 * configuration, with which our own contributions are checked in place.
 */
export async function writeShippedImage(inputs: readonly ElementInput[]): Promise<void> {
  const elements = await collectContributions(inputs);
  const schemas = await loadSchemas(elements);
  const manifest = await describeImage(elements, schemaText(schemas.schema), systemRuntime);
  const types = await generateTypes(schemas.schema, schemas.systemSchema);
  await withFolder(temporaryParent(), "kanod-configure-", async (work) => {
    const stage = await stageImage({ elements, ...schemas, manifest }, types, work);
    const { parts } = await bundleImage(stage, elements, work);
    for (const part of imageParts) await writeText(inDist(assetsOf(part).text), parts[part]);
    await writeText(inDist("program.cjs"), packagedProgram());
  });
  for (const [name, text] of types) await writeText(inDist(`types/${name}`), text);
}
