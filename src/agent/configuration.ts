import { AgentError } from "../config/agent-error.ts";
import { type Finding, hasErrors, type Problem } from "../config/problem.ts";
import { secretValues } from "../config/secret-values.ts";
import { positionFindings, validateDocument } from "../config/validate.ts";
import type { CompiledSchema } from "../config/validator.ts";
import { parseYaml, requireMapping, type YamlDocument } from "../config/yaml.ts";
import { check as checkContribution } from "./check.ts";
import { compiledSchemas } from "./compiled-schemas.ts";
import type { Checked, Configuration, Contribution, Stage, SystemSettings } from "./contribution.ts";
import type { CompiledImage } from "./image.ts";

/** A text and the name that problems call it by. */
export interface InputText {
  text: Uint8Array;
  file: string;
  /** Where it was read as YAML already. */
  document?: YamlDocument;
}

/** The input cannot be used; nothing was changed. */
export class ConfigurationError extends AgentError {
  override readonly name = "ConfigurationError";
  readonly problems: readonly Problem[];
  readonly documents: readonly CheckedDocument[];

  constructor(documents: readonly CheckedDocument[]) {
    const errors = documents.flatMap(({ problems }) => problems.filter(({ severity }) => severity === "error"));
    const first = errors[0];
    const where = first?.source === undefined ? "" : `${first.source.file}:${first.source.line}: `;
    super("invalid-configuration", `${where}${first?.message ?? "the configuration is invalid"}`, { exitCode: 3 });
    this.problems = documents.flatMap(({ problems }) => problems);
    this.documents = documents;
  }
}

/** A document with all that was found in it. */
export interface CheckedDocument {
  document: YamlDocument;
  compiled: CompiledSchema;
  problems: Problem[];
}

export interface CheckedInput {
  conf: Configuration;
  system: SystemSettings;
  /** Warnings and notes are left: an error was thrown. */
  documents: readonly CheckedDocument[];
  /** Every string in the two documents that a schema marks `x-kanod-secret`. */
  secrets: readonly string[];
}

/**
 * Reads and validates what a stage is given: syntax, then schema.
 *
 * @throws ConfigurationError with all problems
 */
export async function readConfiguration(
  image: CompiledImage,
  stage: Stage,
  configuration: InputText,
  systemSettings: InputText | undefined,
): Promise<CheckedInput> {
  const schemas = await compiledSchemas(image);
  const conf = check(configuration, stage === "boot" ? schemas.boot : schemas.configuration);
  const documents = [conf];
  if (systemSettings !== undefined) documents.push(check(systemSettings, schemas.system));
  throwOnErrors(documents);
  return {
    conf: (conf.document.value ?? {}) as Configuration,
    system: (documents[1]?.document.value ?? {}) as SystemSettings,
    documents,
    secrets: documents.flatMap(({ document, compiled }) => secretValues(compiled.secrets, document.value).values),
  };
}

function check(input: InputText, compiled: CompiledSchema): CheckedDocument {
  return checkDocument(input.document ?? parseYaml(input.text, input.file), compiled);
}

/** All that is wrong with the YAML of a document and, where that is nothing, what the schema finds. */
export function checkDocument(document: YamlDocument, compiled: CompiledSchema): CheckedDocument {
  // An empty document is an empty configuration: what is missing in it, the schema says.
  const value = document.value === null ? {} : document.value;
  const readable = { ...document, value, locate: document.locate.bind(document) };
  const problems = [...document.problems];
  if (!hasErrors(problems)) problems.push(...requireMapping(readable));
  if (!hasErrors(problems)) problems.push(...validateDocument(readable, compiled));
  return { document: readable, compiled, problems };
}

/**
 * Runs the contributions' own checks on a configuration that the schema accepted; their findings are added to the
 * problems of the first document. Returns their results.
 *
 * @throws ConfigurationError when a check finds an error
 */
export function checkMeaning(
  input: CheckedInput,
  contributions: readonly Contribution[],
  given: { now: Date; minPriority?: number | undefined },
): ReadonlyMap<Contribution, Checked<unknown>> {
  const checked = checkAll(input, contributions, given);
  addFindings(input, findingsOf(checked));
  throwOnErrors(input.documents);
  return checked;
}

/** Adds what was found in the configuration to the problems of its document. */
export function addFindings(input: CheckedInput, found: readonly Finding[]): void {
  const [main] = input.documents;
  if (main !== undefined) main.problems.push(...positionFindings(main.document, found));
}

/** What the contributions' own checks find. @throws AgentError `check-failed` */
export function findings(
  input: Pick<CheckedInput, "conf" | "system">,
  contributions: readonly Contribution[],
): Finding[] {
  return findingsOf(checkAll(input, contributions, { now: new Date() }));
}

function checkAll(
  { conf, system }: Pick<CheckedInput, "conf" | "system">,
  contributions: readonly Contribution[],
  { now, minPriority }: { now: Date; minPriority?: number | undefined },
): ReadonlyMap<Contribution, Checked<unknown>> {
  const params = { conf, system, now, ...(minPriority === undefined ? {} : { minPriority }) };
  return new Map(contributions.map((contribution) => [contribution, checkContribution(contribution, params)]));
}

/** Several contributions may check one section. */
function findingsOf(checked: ReadonlyMap<Contribution, Checked<unknown>>): Finding[] {
  const all = [...checked.values()].flatMap(({ findings }) => findings);
  return [...new Map(all.map((finding) => [JSON.stringify(finding), finding])).values()];
}

function throwOnErrors(documents: readonly CheckedDocument[]): void {
  if (documents.some(({ problems }) => hasErrors(problems))) throw new ConfigurationError(documents);
}
