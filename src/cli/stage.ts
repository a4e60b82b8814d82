import { resolve } from "node:path";
import { readCloudInit } from "../agent/cloud-init.ts";
import { type CheckedDocument, ConfigurationError, type InputText } from "../agent/configuration.ts";
import type { Stage } from "../agent/contribution.ts";
import { failureText, nextSteps, row } from "../agent/failure.ts";
import { acquireLock, type Lock } from "../agent/lock.ts";
import { runStage, type StageOutcome } from "../agent/stage.ts";
import { AgentError } from "../config/agent-error.ts";
import { configurationPath, systemPath } from "../config/paths.ts";
import { createHosts } from "../host/create-host.ts";
import { Environment } from "../host/environment.ts";
import type { Host } from "../host/host.ts";
import { createLockPort } from "../host/lock-port.ts";
import { identityOf, ownIdentity } from "../host/process-info.ts";
import { createWatchdog } from "../host/watchdog.ts";
import type { Logger } from "../log/logger.ts";
import { type CommandContext, execute, Program } from "./command-line.ts";
import { readOptional, readRequired } from "./inputs.ts";
import { type CliIo, exitCodes } from "./io.ts";
import { newPlanner } from "./planner.ts";
import { openRunLog } from "./run-log.ts";
import { defineStage, parsePriority, type StageArguments } from "./stage-options.ts";
import { checkRoot, outsideHost, rootFolder } from "./tree.ts";

/** `kanod-bootcmd` and `kanod-runcmd`: one run of a stage. Returns the exit code. */
export async function stageCommand(context: CommandContext, stage: Stage): Promise<number> {
  const { agent } = await context.image.manifest();
  const program = new Program(context.io, context.io.program, agent);
  const command = defineStage(program.command, stage);
  program.setAction<StageArguments>(command, (options, operands) => {
    return run(context, stage, options, parsePriority(operands[0]));
  });
  return execute(program, context.io);
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
  let lock: Lock | undefined;
  const onRun = (pid: number): (() => void) => lock?.hold(identityOf(pid)) ?? (() => {});
  const makeHost = createHosts({
    ...(root === undefined ? {} : { root }),
    environment,
    ownProgram: io.ownProgram,
    onRun,
  });
  // What the agent does for itself is a detail.
  const own = { ...log, info: log.debug };
  const host = makeHost(own, undefined);
  try {
    if (!plan) lock = acquireLock(createLockPort(root ?? "/"), ownIdentity());
    const planner = plan ? newPlanner(host, log) : undefined;
    const outcome = await runStage({
      stage,
      image,
      read: () => readInputs(io, stage, options, host),
      minPriority,
      resume: options.resume === true,
      host: planner?.host ?? host,
      hostOfContribution: (contribution, end, its, part) => planner?.hostOf(contribution, part) ?? makeHost(its, end),
      init: await readCloudInit(host, log),
      log,
      signal,
      watchdog: createWatchdog(),
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
    lock?.release();
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
  const { formatDocuments } = await import(/* webpackMode: "eager" */ "./document-problems.ts");
  io.err(formatDocuments(documents, io.color));
}

function reportOutcome(io: CliIo, log: Logger, { result, failures }: StageOutcome): number {
  const notRun = result.contributions.filter(({ state }) => state === "pending").map(({ name }) => name);
  for (const failure of failures) {
    const { message, details } = failureText(failure, { program: io.program, notRun, log });
    log.error(message, { event: "failure", details });
  }
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
    const file = options.config === undefined || options.config === "-" ? "FILE" : options.config;
    const hint = `correct the errors above; kanod-configure validate ${file} finds them without a run`;
    const details = [row("hint", hint), nextSteps(error.code)];
    log.error(`${io.program}: the configuration is invalid, nothing was changed`, { event: "failure", details });
    return error.exitCode;
  }
  if (!(error instanceof AgentError)) throw error;
  const details = [...(error.hint === undefined ? [] : [row("hint", error.hint)]), nextSteps(error.code)];
  log.error(`${io.program}: ${error.message} [${error.code}]`, { event: "failure", details });
  return error.exitCode;
}
