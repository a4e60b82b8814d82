import { resolve } from "node:path";
import { type CheckedDocument, ConfigurationError, type InputText } from "../agent/configuration.ts";
import type { Stage } from "../agent/contribution.ts";
import { formatFailure } from "../agent/failure.ts";
import { acquireLock } from "../agent/lock.ts";
import { provideTemplates } from "../agent/registry.ts";
import { runStage, type StageOutcome } from "../agent/stage.ts";
import { AgentError } from "../config/agent-error.ts";
import { createHosts } from "../host/create-host.ts";
import { Environment } from "../host/environment.ts";
import type { Host } from "../host/host.ts";
import { createLockPort } from "../host/lock-port.ts";
import { ownIdentity } from "../host/process-info.ts";
import { type Logger, type LogLevel, logLevels } from "../log/logger.ts";
import { readCloudInit } from "../services/cloud-init/cloud-init.ts";
import { type CommandContext, execute, Program, usageError } from "./command-line.ts";
import { configurationPath, readOptional, readRequired, systemPath } from "./inputs.ts";
import { type CliIo, exitCodes } from "./io.ts";
import { choiceOption, rootOption } from "./options.ts";
import { newPlanner } from "./planner.ts";
import { openRunLog } from "./run-log.ts";
import { checkRoot, outsideHost, rootFolder } from "./tree.ts";

interface StageArguments {
  root?: string;
  dryRun?: true;
  logLevel: LogLevel;
  logFormat: string;
  system?: string;
  config?: string;
  resume?: true;
}

/** `kanod-bootcmd` and `kanod-runcmd`: one run of a stage. Returns the exit code. */
export async function stageCommand(context: CommandContext, stage: Stage): Promise<number> {
  const { agent } = await context.image.manifest();
  const program = new Program(context.io, context.io.program, agent);
  const command = program.command
    .description(descriptions[stage])
    .addOption(rootOption())
    .option("--dry-run", "print what would be done, and change nothing")
    .addOption(choiceOption("--log-level <level>", "what is shown; the log file has all", logLevels, "info"))
    .addOption(choiceOption("--log-format <format>", "form of the log", ["text", "json"], "text"))
    .option("--system <file>", `settings of the image, default ${systemPath} (may be absent)`)
    .addHelpText("after", exitCodeHelp);
  if (stage === "run") {
    command
      .argument("[MIN_PRIORITY]", "leave out the contributions of a lower priority")
      .option("--config <file>", `configuration, default ${configurationPath}; - is standard input`)
      .option("--resume", "go on after the last finished contribution of an interrupted run");
  }
  program.setAction<StageArguments>(command, (options, operands) => {
    return run(context, stage, options, parsePriority(operands[0]));
  });
  return execute(program, context.io);
}

const descriptions: Readonly<Record<Stage, string>> = {
  boot: "Configures what a machine needs early on every boot: disks, kernel parameters, and what elements registered for the boot stage. Reads the boot part of the configuration as YAML from standard input; an empty input is an empty configuration.",
  run: "Configures a machine on its first boot: validates the configuration, then runs the registered contributions, lowest priority first, until one fails or stops the run.",
};

const exitCodeHelp = `
Exit codes:
  0  all contributions ran, or one of them stopped the run
  1  a contribution failed; the later ones did not run
  2  usage error
  3  the configuration is unreadable or invalid: nothing was changed
  4  another run holds the lock`;

function parsePriority(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const priority = Number(text);
  if (text.trim() === "" || !Number.isFinite(priority)) {
    throw usageError("bad-priority", `MIN_PRIORITY: "${text}" is not a number`);
  }
  return priority;
}

async function run(
  { io, image }: CommandContext,
  stage: Stage,
  options: StageArguments,
  minPriority: number | undefined,
): Promise<number> {
  const { signal } = io;
  const { root } = rootFolder(io, options.root);
  const plan = options.dryRun === true;
  // One environment for all hosts: a variable that a contribution sets holds for the commands of all later ones.
  const environment = new Environment(io.environment);
  await checkRoot(io, root);
  const { log, close } = openRunLog(io, { level: options.logLevel, format: options.logFormat, root, plan });
  const makeHost = createHosts({ ...(root === undefined ? {} : { root }), environment });
  // What the agent does for itself is a detail.
  const own = { ...log, info: log.debug };
  const host = makeHost(own, undefined);
  let release: (() => void) | undefined;
  try {
    if (!plan) release = acquireLock(createLockPort(root ?? "/"), ownIdentity());
    provideTemplates((name) => image.template(name));
    const planner = plan ? newPlanner(host, log) : undefined;
    const outcome = await runStage({
      stage,
      image,
      read: () => readInputs(io, stage, options, host),
      minPriority,
      resume: options.resume === true,
      host,
      hostOfContribution: (contribution, end, its) => planner?.hostOf(contribution) ?? makeHost(its, end),
      init: await readCloudInit(host, log),
      log,
      signal,
      keep: !plan,
      process: ownIdentity(),
    });
    if (planner !== undefined) {
      const { formatPlan } = await import(/* webpackMode: "eager" */ "../report/plan.ts");
      io.out(log.redact(await formatPlan([planner.planned(stage, outcome.result)])));
    }
    await showProblems(io, log, options, outcome.input.documents);
    return reportOutcome(io, log, outcome);
  } catch (error) {
    return await reportAbort(io, log, options, error);
  } finally {
    release?.();
    close();
  }
}

/** Files that options name are the host's; the default ones are the tree's. */
async function readInputs(
  io: CliIo,
  stage: Stage,
  options: StageArguments,
  host: Host,
): Promise<{ configuration: InputText; systemSettings: InputText | undefined }> {
  const systemSettings =
    options.system === undefined
      ? await readOptional(host, systemPath)
      : await readRequired(outsideHost(io), resolve(io.workingDirectory, options.system));
  if (stage === "boot" || options.config === "-") {
    return { configuration: { text: await io.readStdin(), file: "<stdin>" }, systemSettings };
  }
  const configuration =
    options.config === undefined
      ? await readRequired(host, configurationPath)
      : await readRequired(outsideHost(io), resolve(io.workingDirectory, options.config));
  return { configuration, systemSettings };
}

/** Warnings of a configuration that is used, or all that is wrong with one that is not. */
async function showProblems(
  io: CliIo,
  log: Logger,
  options: StageArguments,
  documents: readonly CheckedDocument[],
): Promise<void> {
  const problems = documents.flatMap((checked) => checked.problems);
  if (problems.length === 0) return;
  for (const { severity, code, message, source } of problems) {
    const place = source === undefined ? "" : `${source.file}:${source.line}:${source.column}: `;
    log[severity === "error" ? "error" : "warn"](`${place}${message} [${code}]`, { event: "problem" });
  }
  if (options.logFormat === "json") return;
  const { formatProblems, secretLines } = await import(/* webpackMode: "eager" */ "../report/text.ts");
  const texts = new Map(documents.map(({ document }) => [document.file, document.text]));
  const maskedLines = new Map(documents.map(({ document, schema }) => [document.file, secretLines(document, schema)]));
  io.err(formatProblems(problems, { texts, maskedLines, color: io.color }));
}

function reportOutcome(io: CliIo, log: Logger, { result, failures }: StageOutcome): number {
  const notRun = result.contributions.filter(({ state }) => state === "pending").map(({ name }) => name);
  for (const failure of failures)
    log.error(formatFailure(failure, { program: io.program, notRun, log }), { event: "failure" });
  const finished = result.contributions.filter(({ state }) => state === "done").length;
  log.info(`${io.program}: ${result.state}, ${finished} of ${result.contributions.length} contributions ran`, {
    event: result.state,
  });
  return result.state === "done" || result.state === "stopped" ? exitCodes.done : exitCodes.failed;
}

/** What ended the run before, or outside of, its contributions. */
async function reportAbort(io: CliIo, log: Logger, options: StageArguments, error: unknown): Promise<number> {
  if (error instanceof ConfigurationError) {
    await showProblems(io, log, options, error.documents);
    log.error(`${io.program}: the configuration is invalid, nothing was changed`, { event: "failure" });
    return error.exitCode;
  }
  if (!(error instanceof AgentError)) throw error;
  const hint = error.hint === undefined ? "" : `\n  hint: ${error.hint}`;
  log.error(`${io.program}: ${error.message} [${error.code}]${hint}`, { event: "failure" });
  return error.exitCode;
}
