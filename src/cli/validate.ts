import { AgentError } from "../config/agent-error.ts";
import type { CheckedFile, DocumentKind } from "../config/checked-file.ts";
import type { Problem } from "../config/problem.ts";
import { maxInputBytes } from "../config/yaml.ts";
import type { Host } from "../host/host.ts";
import { stopwatch } from "../log/stopwatch.ts";
import { githubReport } from "../report/github.ts";
import { jsonReport } from "../report/json.ts";
import { textReport } from "../report/text-report.ts";
import {
  type ReportFormat,
  reportFormats,
  type ValidationReport,
  type ValidationSummary,
} from "../report/validation.ts";
import { type Checkers, checkFile } from "../user-data/read/check.ts";
import type { DetectOptions } from "../user-data/read/detect.ts";
import { inspectFile } from "../user-data/read/inspect.ts";
import { createCheckers, knownKeysOf, type Rules, rulesOfImage } from "./checkers.ts";
import type { CommandContext, DocumentChecks } from "./command-line.ts";
import { type InputFile, inputFiles, type MissingFile } from "./input-files.ts";
import { checkStandardInput } from "./inputs.ts";
import { type CliIo, exitCodes } from "./io.ts";
import { rulesOfFile } from "./schema-file.ts";
import { outsideHost } from "./tree.ts";

export interface ValidateOptions {
  schema?: string;
  boot?: true;
  format: ReportFormat;
  exclude: readonly string[];
  strict?: true;
}

/** `validate`: what is wrong with files, found without a machine. Returns the exit code. */
export async function validate(
  context: CommandContext,
  options: ValidateOptions,
  operands: readonly string[],
): Promise<number> {
  const { io, image } = context;
  checkStandardInput(operands);
  const host = outsideHost(io);
  const rules =
    options.schema === undefined ? await rulesOfImage(image) : await rulesOfFile(context, host, options.schema);
  if (rules === undefined) return exitCodes.unreadable;
  const run = new Validation(context, host, rules, options, await newReport(context, options.format));
  for await (const file of named(host, operands, options, io)) await run.look(file);
  return run.end();
}

export { reportFormats };

async function newReport({ io, image }: CommandContext, format: ReportFormat): Promise<ValidationReport> {
  if (format === "json") return jsonReport();
  if (format === "github") return githubReport();
  if (format === "text") return textReport({ color: io.color });
  const { sarifReport } = await import(/* webpackMode: "eager" */ "../report/sarif.ts");
  return sarifReport((await image.manifest()).agent);
}

type Input = InputFile | MissingFile | { shown: string; stdin: true };

async function* named(
  host: Host,
  operands: readonly string[],
  { exclude }: ValidateOptions,
  { workingDirectory }: CliIo,
): AsyncGenerator<Input> {
  for (const operand of operands) {
    if (operand === "-") yield { shown: "<stdin>", stdin: true };
    else yield* inputFiles(host, [operand], { workingDirectory, exclude });
  }
}

/** Whether a document is one of ours, and not only something that may hold one. */
function isOurs(kind: DocumentKind): boolean {
  return kind !== "other" && kind !== "kubernetes" && kind !== "cloud-config";
}

/** Progress is shown when a run takes longer, in seconds. */
const progressAfter = 1;
const progressEvery = 0.1;

/** One run over many files, of which one at a time is held. */
class Validation {
  readonly #io: CliIo;
  readonly #host: Host;
  readonly #options: ValidateOptions;
  readonly #report: ValidationReport;
  readonly #checkers: Checkers;
  readonly #documentChecks: DocumentChecks;
  readonly #detect: Pick<DetectOptions, "known">;
  readonly #summary: ValidationSummary = { files: 0, others: 0, unreadable: 0, errors: 0, warnings: 0, notes: 0 };
  readonly #elapsed = stopwatch();
  #progressAt = progressAfter;
  #hasProgress = false;

  constructor(
    { io, documentChecks }: CommandContext,
    host: Host,
    rules: Rules,
    options: ValidateOptions,
    report: ValidationReport,
  ) {
    this.#io = io;
    this.#host = host;
    this.#options = options;
    this.#report = report;
    this.#checkers = createCheckers(rules);
    this.#documentChecks = documentChecks ?? {};
    this.#detect = { known: knownKeysOf(rules) };
    this.#write(report.begin());
  }

  async look(input: Input): Promise<void> {
    if ("fault" in input) return this.#unreadable(input.shown, input.fault);
    if ("stdin" in input) return this.#check(input.shown, await this.#io.readStdin(maxInputBytes), true);
    if (input.size > maxInputBytes) return this.#tooLarge(input);
    try {
      const content = await this.#host.readBytes(input.path);
      if (content === undefined) this.#unreadable(input.shown, "there is no such file");
      else await this.#check(input.shown, content, input.isNamed);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      this.#unreadable(input.shown, error.message);
    }
  }

  end(): number {
    this.#clearProgress();
    this.#write(this.#report.end(this.#summary));
    const { unreadable, errors, warnings } = this.#summary;
    if (unreadable > 0) return exitCodes.unreadable;
    return errors > 0 || (this.#options.strict === true && warnings > 0) ? exitCodes.failed : exitCodes.done;
  }

  async #check(shown: string, content: Uint8Array, isNamed: boolean): Promise<void> {
    const name = shown.slice(shown.lastIndexOf("/") + 1);
    const named = this.#options.boot === true ? "boot" : "configuration";
    const otherwise = isNamed ? named : undefined;
    const inspected = inspectFile(content, shown, { ...this.#detect, name, otherwise });
    for (const { kind } of inspected.inspection.documents) await this.#loadCheck(kind);
    this.#add(checkFile(inspected, this.#checkers, { isStrict: this.#options.strict === true }));
  }

  async #loadCheck(kind: DocumentKind): Promise<void> {
    const { check } = this.#checkers;
    const load = this.#documentChecks[kind];
    if (check[kind] === undefined && load !== undefined) check[kind] = await load();
  }

  /** It is refused before it is read. One that nobody named need not be ours. */
  #tooLarge({ shown, isNamed }: InputFile): void {
    const severity = isNamed ? "error" : "note";
    const message = `the file is larger than ${maxInputBytes / 1024 / 1024} MiB`;
    const source = { file: shown, line: 1, column: 1, endColumn: 1 };
    const problem: Problem = { severity, code: "input-too-large", pointer: "", message, source };
    this.#add({ file: shown, text: "", documents: [], problems: [problem], maskedLines: new Set() });
  }

  #add(checked: CheckedFile): void {
    const summary = this.#summary;
    summary.files++;
    if (!checked.documents.some(({ kind }) => isOurs(kind)) && checked.problems.length === 0) summary.others++;
    for (const { severity } of checked.problems) {
      if (severity === "error") summary.errors++;
      else if (severity === "warning") summary.warnings++;
      else summary.notes++;
    }
    this.#write(this.#report.file(checked));
    this.#showProgress();
  }

  #unreadable(shown: string, reason: string): void {
    this.#summary.files++;
    this.#summary.unreadable++;
    this.#clearProgress();
    const message = reason.includes(shown) ? reason : `${shown}: ${reason}`;
    this.#io.err(`${this.#io.program}: ${message} [unreadable]\n`);
    this.#write(this.#report.unreadable(shown, reason));
  }

  #write(text: string): void {
    if (text === "") return;
    this.#clearProgress();
    this.#io.out(text);
  }

  #showProgress(): void {
    const now = this.#elapsed();
    if (!this.#io.interactive || now < this.#progressAt) return;
    this.#progressAt = now + progressEvery;
    this.#hasProgress = true;
    this.#io.err(`\r\u001b[K${this.#summary.files} files checked …`);
  }

  #clearProgress(): void {
    if (this.#hasProgress) this.#io.err("\r\u001b[K");
    this.#hasProgress = false;
  }
}
