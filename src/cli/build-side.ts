import { defineCompile } from "./compile.ts";
import type { BuildSide } from "./main.ts";
import { defineNewElement } from "./new-element.ts";

/** The commands that build. They are no part of an agent. */
export const buildSide: BuildSide = {
  commands: [defineCompile, defineNewElement],
  documentChecks: {
    module: async () => (await import("../build/document-checks.ts")).moduleCheck(),
    image: async () => (await import("../build/document-checks.ts")).imageCheck(),
  },
  imageBuilder: async (io, image) => (await import("./image-builder.ts")).imageBuilderCommand(io, image),
};
