import type { DocumentChecks } from "./command-line.ts";

/** The checks of documents that only the build side reads. */
export const documentChecks: DocumentChecks = {
  module: async () => (await import("../image/document-checks.ts")).moduleCheck(),
  image: async () => (await import("../image/document-checks.ts")).imageCheck(),
};
