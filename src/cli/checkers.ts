import { compiledSchemas } from "../agent/compiled-schemas.ts";
import { checkDocument, findings } from "../agent/configuration.ts";
import type { Configuration, Contribution } from "../agent/contribution.ts";
import type { CompiledImage } from "../agent/image.ts";
import { registered } from "../agent/registry.ts";
import { loadContributions } from "../agent/stage.ts";
import { AgentError } from "../config/agent-error.ts";
import { compileSchema } from "../config/compile-validator.ts";
import { isMapping } from "../config/mapping.ts";
import { once } from "../config/once.ts";
import { type Finding, hasErrors, type Problem, pointerParts, withoutRepetitions } from "../config/problem.ts";
import { bootSchema, type JsonSchema, knownKeys } from "../config/schema.ts";
import { positionFindings } from "../config/validate.ts";
import type { CompiledSchema } from "../config/validator.ts";
import type { YamlDocument } from "../config/yaml.ts";
import { secretLines, suspectedLines } from "../report/secret-lines.ts";
import type { Checkers, DocumentChecker } from "../user-data/read/check.ts";
import type { KnownKeys } from "../user-data/read/detect.ts";
import { callFault } from "./stage-options.ts";

/** What configurations are checked against: the schemas of an image, and the checks of its contributions. */
export interface Rules {
  configuration: CompiledSchema;
  boot: CompiledSchema;
  system: CompiledSchema;
  /** Empty where only a schema is known. */
  contributions: { boot: readonly Contribution[]; run: readonly Contribution[] };
}

/** The rules of the image itself, with its contributions. */
export async function rulesOfImage(image: CompiledImage): Promise<Rules> {
  const registry = await loadContributions(image);
  return {
    ...(await compiledSchemas(image)),
    contributions: { boot: registered("boot", registry), run: registered("run", registry) },
  };
}

/** The rules of another image, of which only the merged schema is known. */
export async function rulesOfSchema(schema: JsonSchema, image: CompiledImage): Promise<Rules> {
  return {
    configuration: await compileSchema(schema),
    boot: await compileSchema(bootSchema(schema)),
    system: (await compiledSchemas(image)).system,
    contributions: { boot: [], run: [] },
  };
}

/**
 * The outermost keys by which documents are recognized. They are looked for when they are asked for: the header of
 * user-data says enough.
 */
export function knownKeysOf(rules: Pick<Rules, "configuration" | "boot">): KnownKeys {
  const configuration = once(() => knownKeys(rules.configuration.schema, ""));
  const boot = once(() => knownKeys(rules.boot.schema, ""));
  return {
    get configuration() {
      return configuration();
    },
    get boot() {
      return boot();
    },
  };
}

/** What checks documents by the rules. */
export function createCheckers(rules: Rules): Checkers {
  const { configuration, boot, system, contributions } = rules;
  const ofEach = (each: readonly Contribution[]): Meaning[] => {
    return each.map((contribution) => (conf) => findings({ conf, system: {} }, [contribution]));
  };
  const checkConfiguration = checker(configuration, [
    ...ofEach(contributions.run),
    (conf) => findingsOfBoot(conf, contributions.boot),
  ]);
  const network = once(() => {
    return knownKeys(configuration.schema, "").includes("network") ? networkChecker(checkConfiguration) : undefined;
  });
  const check: Checkers["check"] = {
    configuration: checkConfiguration,
    boot: checker(boot, ofEach(contributions.boot)),
    system: checker(system, []),
    get network() {
      return network();
    },
  };
  return { check, callFault, secretLines: (text) => suspectedLines(text, configuration.secrets) };
}

/** What one check finds in a configuration. @throws AgentError */
type Meaning = (conf: Configuration) => Finding[];

/** The one order of things: the YAML, the schema and, for what these accept, the contributions' checks. */
function checker(compiled: CompiledSchema, meanings: readonly Meaning[]): DocumentChecker {
  return (given) => {
    const { document, problems } = checkDocument(given, compiled);
    const found = hasErrors(problems)
      ? soundProblems(document, problems, meanings)
      : withoutRepetitions(meanings.flatMap((meaning) => meaningProblems(document, meaning)));
    return { problems: [...problems, ...found], secretLines: secretLines(document, compiled.secrets) };
  };
}

function meaningProblems(document: YamlDocument, meaning: Meaning): Problem[] {
  try {
    return positionFindings(document, meaning((document.value ?? {}) as Configuration));
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return positionFindings(document, [{ severity: "error", code: error.code, pointer: "", message: error.message }]);
  }
}

/**
 * What is wrong in the sections that the schema accepts, beside those that it does not. It is found with these left out,
 * and with them: so none is about what was left out.
 */
function soundProblems(document: YamlDocument, problems: readonly Problem[], meanings: readonly Meaning[]): Problem[] {
  const { value } = document;
  if (!isMapping(value)) return [];
  const broken = new Set(problems.flatMap(({ pointer }) => pointerParts(pointer)[0] ?? []));
  const sound = Object.fromEntries(Object.entries(value).filter(([key]) => !broken.has(key))) as Configuration;
  const found = meanings.flatMap((meaning) => {
    const complete = new Set(attempted(meaning, value as Configuration).map((finding) => JSON.stringify(finding)));
    return attempted(meaning, sound).filter((finding) => complete.has(JSON.stringify(finding)));
  });
  const placed = found.filter(({ pointer }) => !broken.has(pointerParts(pointer)[0] ?? ""));
  return withoutRepetitions(positionFindings(document, placed));
}

/** A check may fail for what the schema refuses: then it says nothing. */
function attempted(meaning: Meaning, conf: Configuration): Finding[] {
  try {
    return meaning(conf);
  } catch (error) {
    if (error instanceof AgentError) return [];
    throw error;
  }
}

/** The `boot` part of a configuration is what kanod-bootcmd will read. */
function findingsOfBoot(conf: Configuration, contributions: readonly Contribution[]): Finding[] {
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
