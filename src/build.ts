/** The build side as a library: `import { … } from "kanod-configure/build"`. */
export { BuildError } from "./compile/build-error.ts";
export { type CollectedElement, collectContributions, type Template } from "./compile/collect.ts";
export { type BuildProgress, type CompileOptions, type CompileResult, compileAgent } from "./compile/compile.ts";
export { type ElementInput, elementOfFolder, elementsOfImage } from "./compile/elements.ts";
export type { Manifest, ManifestElement, ManifestRuntime } from "./compile/manifest.ts";
export { type MergedSchema, mergeSchemas, type SchemaText } from "./compile/merge-schemas.ts";
export { generateTypes } from "./compile/types.ts";
export type { Problem, SourceRange } from "./config/problem.ts";
export { loadModules } from "./image/modules/load-modules.ts";
export type { ModuleDefinition } from "./image/modules/module-definition.ts";
export {
  type BuildRequest,
  type BuildResolution,
  type ListedEntry,
  type ResolvedVariable,
  resolveBuild,
} from "./image/modules/resolve.ts";
