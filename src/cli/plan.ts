import { resolve } from "node:path";
import { readCloudInit } from "../agent/cloud-init.ts";
import { type CheckedDocument, ConfigurationError, type InputText, readConfiguration } from "../agent/configuration.ts";
import type { Stage } from "../agent/contribution.ts";
import { failureText } from "../agent/failure.ts";
import type { CompiledImage } from "../agent/image.ts";
import { runStage, type StageOutcome } from "../agent/stage.ts";
import { AgentError } from "../config/agent-error.ts";
import { isMapping } from "../config/mapping.ts";
import { configurationPath, systemPath } from "../config/paths.ts";
import { printable } from "../config/shown.ts";
import { documentPart, parseYaml } from "../config/yaml.ts";
import { createHost } from "../host/create-host.ts";
import { Environment } from "../host/environment.ts";
import type { Host } from "../host/host.ts";
import { ownIdentity } from "../host/process-info.ts";
import { formatPlan, type PlannedStage, planJson } from "../report/plan.ts";
import type { CommandContext } from "./command-line.ts";
import { formatDocuments } from "./document-problems.ts";
import { checkStandardInput, readOptional, readRequired } from "./inputs.ts";
import { type CliIo, exitCodes } from "./io.ts";
import { newPlanner } from "./planner.ts";
import { openRunLog, type RunLog } from "./run-log.ts";
import { checkRoot, outsideHost, rootFolder } from "./tree.ts";

export interface PlanOptions {
  config?: string;
  boot?: string;
  system?: string;
  root?: string;
  format: string;
}

/** What the two stages read. */
interface PlanInputs {
  configuration: InputText | undefined;
  boot: InputText | undefined;
  systemSettings: InputText | undefined;
  /** Documents whose secrets are masked in the lines that are shown. */
  masking: CheckedDocument[];
}

/** `plan`: what the boot stage and the run stage would do. It is the run itself, on a recording host. */
export async function plan(context: CommandContext, options: PlanOptions): Promise<number> {
  const { io } = context;
  checkStandardInput([options.config, options.boot, options.system]);
  const { root } = rootFolder(io, options.root);
  await checkRoot(io, root);
  const run = openRunLog(io, { level: "error", format: "text", root, plan: true });
  const environment = new Environment(io.environment);
  const host = createHost({
    ...(root === undefined ? {} : { root }),
    log: run.log,
    environment,
    ownProgram: io.ownProgram,
  });
  const masking: CheckedDocument[] = [];
  try {
    const inputs = await readInputs(io, options, host, masking);
    const { stages, outcomes } = await planStages(context, host, run, inputs);
    const text = options.format === "json" ? await planJson(stages) : await formatPlan(stages);
    io.out(run.log.redact(text));
    return report(io, run, outcomes, masking);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    io.err(formatDocuments([...error.documents, ...masking], io.color));
    io.err(`${io.program}: the configuration is invalid, there is nothing to plan\n`);
    return exitCodes.failed;
  } finally {
    run.close();
  }
}

async function readInputs(
  io: CliIo,
  options: PlanOptions,
  host: Host,
  masking: CheckedDocument[],
): Promise<PlanInputs> {
  const named = async (file: string): Promise<InputText> =>
    file === "-"
      ? { text: await io.readStdin(), file: "<stdin>" }
      : { ...(await readRequired(outsideHost(io), resolve(io.workingDirectory, file))), file };
  const { config, boot, system } = options;
  const configuration = config === undefined ? await readOptional(host, configurationPath) : await named(config);
  if (configuration === undefined && boot === undefined) {
    const hint = "name a configuration with --config, or a boot document with --boot";
    throw new AgentError("unreadable", `${configurationPath}: no such file`, {
      exitCode: exitCodes.unreadable,
      hint,
    });
  }
  return {
    configuration: configuration && { ...configuration, document: parseYaml(configuration.text, configuration.file) },
    boot: boot === undefined ? undefined : await named(boot),
    systemSettings: system === undefined ? await readOptional(host, systemPath) : await named(system),
    masking,
  };
}

async function planStages(
  { io, image }: CommandContext,
  host: Host,
  { log }: RunLog,
  inputs: PlanInputs,
): Promise<{ stages: PlannedStage[]; outcomes: StageOutcome[] }> {
  const planner = newPlanner(host, log);
  const stages: PlannedStage[] = [];
  const outcomes: StageOutcome[] = [];
  const boot = inputs.boot ?? (await bootPart(image, inputs));
  const texts: [Stage, InputText | undefined][] = [
    ["boot", boot],
    ["run", inputs.configuration],
  ];
  for (const [stage, configuration] of texts) {
    if (configuration === undefined) continue;
    const outcome = await runStage({
      stage,
      image,
      read: async () => ({ configuration, systemSettings: inputs.systemSettings }),
      host: planner.host,
      hostOfContribution: (contribution, _end, _log, part) => planner.hostOf(contribution, part),
      init: await readCloudInit(host, log),
      log,
      signal: io.signal,
      keep: false,
      process: ownIdentity(),
    });
    outcomes.push(outcome);
    stages.push(planner.planned(stage, outcome.result));
  }
  return { stages, outcomes };
}

/** The `boot` part of a configuration, which user-data gives to kanod-bootcmd. @throws ConfigurationError */
async function bootPart(
  image: CompiledImage,
  { configuration, systemSettings, masking }: PlanInputs,
): Promise<InputText | undefined> {
  const { value } = configuration?.document ?? {};
  // Without such a part the problems of the configuration are found when its own stage is planned.
  if (configuration === undefined || !isMapping(value) || value["boot"] === undefined) return undefined;
  const { documents } = await readConfiguration(image, "run", configuration, systemSettings);
  const [whole] = documents;
  if (whole === undefined) return undefined;
  // Lines of the boot part may also hold secrets of the rest.
  masking.push({ ...whole, problems: [] });
  return { ...configuration, document: documentPart(whole.document, "boot") };
}

function report(
  io: CliIo,
  { log }: RunLog,
  outcomes: readonly StageOutcome[],
  masking: readonly CheckedDocument[],
): number {
  let exitCode: number = exitCodes.done;
  for (const { input, failures, result } of outcomes) {
    io.err(formatDocuments([...input.documents, ...masking], io.color));
    const notRun = result.contributions.filter(({ state }) => state === "pending").map(({ name }) => name);
    for (const failure of failures) {
      const { message, details } = failureText(failure, { program: io.program, notRun, log });
      const lines = [message, ...details.map((line) => `  ${line}`)];
      io.err(lines.map((line) => `${printable(log.redact(line))}\n`).join(""));
      exitCode = exitCodes.failed;
    }
  }
  return exitCode;
}
