import { join } from "node:path";
import { compileContributions } from "./compile-contributions.ts";
import { type ImageContent, writeCompiledImage } from "./compiled-image.ts";
import { Stage } from "./stage.ts";

/**
 * Checks the contributions of an image and lays its modules out in a folder below `work`. The one to begin with is
 * `image.js`: its default export fulfils CompiledImage (src/agent/image.ts).
 *
 * @param types those of the configuration: texts of declaration files by their names
 * @throws BuildError with what is wrong in the contributions
 */
export async function stageImage(
  content: ImageContent,
  types: ReadonlyMap<string, string>,
  work: string,
  signal?: AbortSignal,
): Promise<Stage> {
  const { elements } = content;
  const emitted = join(work, "emitted");
  await compileContributions(elements, types, emitted, { work: join(work, "types"), signal });
  const stage = new Stage(join(work, "stage"));
  await stage.addElements(elements, emitted);
  await writeCompiledImage(stage, content);
  return stage;
}
