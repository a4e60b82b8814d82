import { defineCompile } from "./compile.ts";
import { documentChecks } from "./document-checks.ts";
import type { BuildSide } from "./main.ts";
import { defineNewElement } from "./new-element.ts";

/** The commands that build. They are no part of an agent. */
export const buildSide: BuildSide = {
  commands: [defineCompile, defineNewElement],
  documentChecks,
  imageBuilder: async (io, image) => (await import("./image-builder.ts")).imageBuilderCommand(io, image),
};
