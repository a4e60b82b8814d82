import { buildNeedCodes, bundleCodes, elementCodes, schemaCodes, trialCodes } from "./build.ts";
import type { CodeTexts } from "./code-text.ts";
import { dataCodes, deliveryCodes, yamlCodes } from "./configuration.ts";
import { elementCheckCodes, networkCheckCodes, vaultCheckCodes } from "./element-checks.ts";
import { elementRunCodes, vaultRunCodes } from "./element-runs.ts";
import { imageBuildCodes, imageDocumentCodes, moduleCodes } from "./images.ts";
import { agentCodes, hostCodes, usageCodes } from "./run.ts";

/** A page of docs, with the sections of it. */
export interface CodePage {
  /** `docs/NAME.md`. */
  name: string;
  title: string;
  introduction: string;
  sections: readonly { title: string; codes: CodeTexts }[];
}

/** All codes, page by page. */
export const codePages: readonly CodePage[] = [
  {
    name: "problems",
    title: "Problems of a configuration",
    introduction: `What can be wrong with a configuration. YAML is version 1.2, core schema: \`yes\` and \`on\` are strings, a number in
quotes is a string, and all keys are strings as written. Merge keys (\`<<\`) work.`,
    sections: [
      { title: "The text and its YAML", codes: yamlCodes },
      { title: "The data", codes: dataCodes },
      { title: "User-data and manifests", codes: deliveryCodes },
      { title: "Checks of the elements", codes: elementCheckCodes },
      { title: "Checks of the network configuration", codes: networkCheckCodes },
      { title: "Checks of references to Vault", codes: vaultCheckCodes },
    ],
  },
  {
    name: "build-problems",
    title: "Problems of a build",
    introduction: `What \`kanod-configure compile\` and \`kanod-image-builder\` can find wrong. Schemas, modules and build documents are YAML
checked against a schema, so the codes of [problems.md](problems.md) occur too. A problem of a file as a whole has the
position \`1:1\`. A build starts the agent that it has made, so that a mistake does not show first on a machine that boots.`,
    sections: [
      { title: "Schemas", codes: schemaCodes },
      { title: "Elements", codes: elementCodes },
      { title: "The code of contributions", codes: bundleCodes },
      { title: "The trial start of the agent", codes: trialCodes },
      { title: "What a build needs", codes: buildNeedCodes },
      { title: "Build documents", codes: imageDocumentCodes },
      { title: "Modules and their options", codes: moduleCodes },
      { title: "The build of an image", codes: imageBuildCodes },
    ],
  },
  {
    name: "run-problems",
    title: "Failures of a run",
    introduction: `Why a program of kanod-configure ended with an error: the code in square brackets on the console, in the log, in
\`status --format json\` and in reports.`,
    sections: [
      { title: "The call of a program", codes: usageCodes },
      { title: "The agent", codes: agentCodes },
      { title: "Files, commands and the network", codes: hostCodes },
      { title: "The elements", codes: elementRunCodes },
      { title: "Vault", codes: vaultRunCodes },
    ],
  },
];

/**
 * Every code that a program of kanod-configure can emit. It is a type only, so that what emits codes does not load their
 * texts.
 */
export type Code =
  | keyof typeof yamlCodes
  | keyof typeof dataCodes
  | keyof typeof deliveryCodes
  | keyof typeof elementCheckCodes
  | keyof typeof networkCheckCodes
  | keyof typeof vaultCheckCodes
  | keyof typeof schemaCodes
  | keyof typeof elementCodes
  | keyof typeof bundleCodes
  | keyof typeof trialCodes
  | keyof typeof buildNeedCodes
  | keyof typeof imageDocumentCodes
  | keyof typeof moduleCodes
  | keyof typeof imageBuildCodes
  | keyof typeof usageCodes
  | keyof typeof agentCodes
  | keyof typeof hostCodes
  | keyof typeof elementRunCodes
  | keyof typeof vaultRunCodes;

/** A code of ours, or one of an element that others wrote. */
export type AnyCode = Code | (string & {});
