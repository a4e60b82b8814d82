import { checkDocument, findings } from "../agent/configuration.ts";
import type { Configuration, Contribution } from "../agent/contribution.ts";
import type { CompiledImage } from "../agent/image.ts";
import { registered } from "../agent/registry.ts";
import { registerAll } from "../agent/stage.ts";
import { AgentError } from "../config/agent-error.ts";
import { compileValidator } from "../config/compile-validator.ts";
import type { Checkers, DocumentChecker } from "../config/embedded/check.ts";
import type { KnownKeys } from "../config/embedded/detect.ts";
import { isMapping } from "../config/mapping.ts";
import { hasErrors, type Problem } from "../config/problem.ts";
import { bootSchema, type JsonSchema, knownKeys } from "../config/schema.ts";
import { type PlacedFinding, positionFindings } from "../config/validate.ts";
import type { Validator } from "../config/validator.ts";
import type { YamlDocument } from "../config/yaml.ts";
import { secretLines, suspectedLines } from "../report/secret-lines.ts";
import { callFault } from "./stage-options.ts";

/** A schema with the validator that is made of it. */
interface CheckedBy {
  schema: JsonSchema;
  validator: Validator;
}

/** What configurations are checked against: the schemas of an image, and the checks of its contributions. */
export interface Rules {
  configuration: CheckedBy;
  boot: CheckedBy;
  system: CheckedBy;
  /** Empty where only a schema is known. */
  contributions: { boot: readonly Contribution[]; run: readonly Contribution[] };
}

/** The rules of the image itself, with its contributions. */
export async function rulesOfImage(image: CompiledImage): Promise<Rules> {
  const { configuration, boot, system } = await image.validators();
  const schema = JSON.parse(await image.schema()) as JsonSchema;
  await registerAll(image);
  return {
    configuration: { schema, validator: configuration },
    boot: { schema: bootSchema(schema), validator: boot },
    system: { schema: JSON.parse(await image.systemSchema()) as JsonSchema, validator: system },
    contributions: { boot: registered("boot"), run: registered("run") },
  };
}

/** The rules of another image, of which only the merged schema is known. */
export async function rulesOfSchema(schema: JsonSchema, image: CompiledImage): Promise<Rules> {
  const boot = bootSchema(schema);
  return {
    configuration: { schema, validator: await compileValidator(schema) },
    boot: { schema: boot, validator: await compileValidator(boot) },
    system: {
      schema: JSON.parse(await image.systemSchema()) as JsonSchema,
      validator: (await image.validators()).system,
    },
    contributions: { boot: [], run: [] },
  };
}

/** The outermost keys by which documents are recognized. */
export function knownKeysOf({ configuration, boot }: Rules): KnownKeys {
  return { configuration: knownKeys(configuration.schema, ""), boot: knownKeys(boot.schema, "") };
}

/** What checks documents by the rules. */
export function createCheckers(rules: Rules): Checkers {
  const { configuration, boot, system, contributions } = rules;
  const { schema } = configuration;
  const check: Checkers["check"] = {
    configuration: checker(configuration, (conf) => [
      ...findings({ conf, system: {} }, contributions.run),
      ...findingsOfBoot(conf, contributions.boot),
    ]),
    boot: checker(boot, (conf) => findings({ conf, system: {} }, contributions.boot)),
    system: checker(system, () => []),
  };
  if (knownKeys(schema, "").includes("network") && check.configuration !== undefined) {
    check.network = networkChecker(check.configuration);
  }
  return { check, callFault, secretLines: (text) => suspectedLines(text, schema) };
}

/** The one order of things: the YAML, the schema and, only for what these accept, the contributions' checks. */
function checker({ schema, validator }: CheckedBy, meaning: (conf: Configuration) => PlacedFinding[]): DocumentChecker {
  return (given) => {
    const { document, problems } = checkDocument(given, schema, validator);
    const found = hasErrors(problems) ? [] : meaningProblems(document, meaning);
    return { problems: [...problems, ...found], secretLines: secretLines(document, schema) };
  };
}

function meaningProblems(document: YamlDocument, meaning: (conf: Configuration) => PlacedFinding[]): Problem[] {
  try {
    return positionFindings(document, meaning((document.value ?? {}) as Configuration));
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return positionFindings(document, [{ severity: "error", code: error.code, pointer: "", message: error.message }]);
  }
}

/** The `boot` part of a configuration is what kanod-bootcmd will read. */
function findingsOfBoot(conf: Configuration, contributions: readonly Contribution[]): PlacedFinding[] {
  const { boot } = conf as unknown as { boot?: Configuration };
  if (boot === undefined) return [];
  const found = findings({ conf: boot, system: {} }, contributions);
  return found.map((finding) => ({ ...finding, pointer: `/boot${finding.pointer}` }));
}

/** What a network configuration lacks to be a configuration; netplan knows no version but 2. */
const placeholder = { name: "machine" };
const defaults = { version: 2 };

/** netplan, which the file is for, takes all scalars as text. */
const notForNetplan: ReadonlySet<string> = new Set(["inexact-number"]);

/** Checks a netplan file, or cloud-init's network-config, as the `network` section of a configuration. */
function networkChecker(checkConfiguration: DocumentChecker): DocumentChecker {
  return (document) => {
    const { value } = document;
    if (typeof value !== "object" || value === null) return checkConfiguration(document);
    const isWrapped = Object.hasOwn(value, "network");
    const inner = (pointer: string): string => (isWrapped ? pointer : pointer.replace(/^\/network/, ""));
    const { problems, secretLines: masked } = checkConfiguration({
      ...document,
      value: { ...placeholder, network: withDefaults(isWrapped ? (value as { network: unknown }).network : value) },
      locate: (pointer, part) => document.locate(inner(pointer), part),
      linesOf: (pointer) => document.linesOf(inner(pointer)),
    });
    const own = problems
      .filter(({ code, pointer }) => !notForNetplan.has(code) && (code !== "missing-key" || pointer !== ""))
      .map((problem) => ({ ...problem, pointer: inner(problem.pointer) }));
    return { problems: own, secretLines: masked };
  };
}

function withDefaults(network: unknown): unknown {
  return isMapping(network) ? { ...defaults, ...network } : network;
}
