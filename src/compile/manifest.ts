import { join } from "node:path";
import type { CollectedElement } from "./collect.ts";
import { oldestNode } from "./launcher.ts";
import { ownVersion } from "./own-version.ts";
import type { Runtime } from "./runtime.ts";
import { readBytes, sha256 } from "./workspace.ts";

/**
 * What went into an agent: fulfils ImageManifest (src/agent/image.ts), which is how the agent sees it. It holds no time
 * and no path, so that the same inputs give the same bytes.
 */
export interface Manifest {
  version: 1;
  /** Version of kanod-configure. */
  agent: string;
  runtime: ManifestRuntime;
  /** In image order. */
  elements: readonly ManifestElement[];
  /** Of the merged schema's text in `schema.yaml`. */
  schemaSha256: string;
}

export interface ManifestRuntime {
  kind: "embedded" | "system";
  /** Version of Node, or which versions will do. */
  node: string;
  /** As Node names it; `any` where it makes no difference. */
  arch: string;
  stripped: boolean;
}

export interface ManifestElement {
  name: string;
  /** SHA-256 of `schema.yaml`. */
  schema?: string;
  contributions: readonly { file: string; sha256: string }[];
}

/** The image's own Node, whatever it is. */
export const systemRuntime: ManifestRuntime = { kind: "system", node: `>=${oldestNode}`, arch: "any", stripped: false };

export async function describeImage(
  elements: readonly CollectedElement[],
  schemaText: string,
  runtime: Runtime | ManifestRuntime,
): Promise<Manifest> {
  return {
    version: 1,
    agent: await ownVersion(),
    runtime: "kind" in runtime ? runtime : embeddedRuntime(runtime),
    elements: await Promise.all(elements.map(describeElement)),
    schemaSha256: sha256(schemaText),
  };
}

function embeddedRuntime({ version, arch, stripped }: Runtime): ManifestRuntime {
  return { kind: "embedded", node: version, arch, stripped };
}

async function describeElement({ name, folder, schema, contributions }: CollectedElement): Promise<ManifestElement> {
  return {
    name,
    ...(schema === undefined ? {} : { schema: sha256(schema) }),
    contributions: await Promise.all(
      contributions.map(async (file) => ({ file, sha256: sha256((await readBytes(join(folder, file))) ?? "") })),
    ),
  };
}
