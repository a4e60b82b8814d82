import { createCheckers, knownKeysOf, rulesOfImage } from "../../src/cli/checkers.ts";
import type { CheckedFile } from "../../src/config/checked-file.ts";
import { type Checkers, checkFile } from "../../src/user-data/read/check.ts";
import type { DetectOptions } from "../../src/user-data/read/detect.ts";
import { inspectFile } from "../../src/user-data/read/inspect.ts";
import { testImage } from "./image.ts";

const image = testImage({
  properties: {
    greeting: { type: "string" },
    mtu: { type: "integer" },
    password: { type: "string", "x-kanod-secret": true },
    network: { type: "object", properties: { version: { enum: [1, 2] } }, additionalProperties: { type: "object" } },
    labels: { type: "array", uniqueItems: true, items: { type: "string" } },
  },
  boot: { disk: { type: "string" }, size: { type: "integer" } },
});

const rules = await rulesOfImage(image);
const checkers: Checkers = createCheckers(rules);

/** Checks a text as `validate` does when the user names the file. */
export function check(text: string | Uint8Array, given: Partial<DetectOptions> = {}): CheckedFile {
  const options: DetectOptions = { known: knownKeysOf(rules), name: "file.yaml", otherwise: "configuration", ...given };
  return checkFile(inspectFile(Buffer.from(text), "file.yaml", options), checkers);
}

/** The problems, each as `line:column code`, such as `3:7 unknown-key`. */
export function problemsIn(text: string | Uint8Array, given: Partial<DetectOptions> = {}): string[] {
  return check(text, given).problems.map(({ code, source }) => `${source?.line}:${source?.column} ${code}`);
}

/** The documents, each as `kind pointer`. */
export function documentsIn(text: string | Uint8Array, given: Partial<DetectOptions> = {}): string[] {
  return check(text, given).documents.map(({ kind, pointer }) => `${kind} ${pointer}`.trim());
}
