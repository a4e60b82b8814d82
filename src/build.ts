/** The build side as a library: `import { … } from "kanod-configure/build"`. */
export { BuildError } from "./build/build-error.ts";
export { type CollectedElement, collectContributions, type Template } from "./build/collect.ts";
export { type BuildProgress, type CompileOptions, type CompileResult, compileAgent } from "./build/compile.ts";
export { type ElementInput, elementOfFolder, elementsOfImage } from "./build/elements.ts";
export type { Manifest, ManifestElement, ManifestRuntime } from "./build/manifest.ts";
export { type MergedSchema, mergeSchemas, type SchemaText } from "./build/merge-schemas.ts";
export { loadModules } from "./build/modules/load-modules.ts";
export type { ModuleDefinition } from "./build/modules/module-definition.ts";
export {
  type BuildRequest,
  type BuildResolution,
  type ListedEntry,
  type ResolvedVariable,
  resolveBuild,
} from "./build/modules/resolve.ts";
export { generateTypes } from "./build/types.ts";
export type { Problem, SourceRange } from "./config/problem.ts";
