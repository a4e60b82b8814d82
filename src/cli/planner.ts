import type { Contribution, RunResult, Stage } from "../agent/contribution.ts";
import type { RunPart } from "../agent/runner.ts";
import { isStorePath } from "../agent/store.ts";
import { CommandError } from "../host/errors.ts";
import type { Host } from "../host/host.ts";
import { hostWith } from "../host/host-with.ts";
import { recordingHost } from "../host/recording-host.ts";
import { urlSubject } from "../host/shown-command.ts";
import type { Logger } from "../log/logger.ts";
import type { PlannedStage, PlanSection } from "../report/plan.ts";

/** One recorded machine for all contributions, and who would do what on it. */
export interface Planner {
  /** The recorded machine. */
  host: Host;
  /** The host that a contribution gets, for one part of what it does. */
  hostOf(contribution: Contribution, part: RunPart): Host;
  /** What was recorded of a stage, once it has been run. */
  planned(stage: Stage, result: RunResult): PlannedStage;
}

interface OpenSection extends Omit<PlanSection, "steps" | "unknown"> {
  stage: Stage;
  /** Number of the first step. */
  start: number;
  unknown: Set<string>;
}

/** `base` is what reads and queries fall through to: the machine, or a target tree. */
export function newPlanner(base: Host, log: Logger): Planner {
  const recording = recordingHost({ base, log });
  const sections: OpenSection[] = [];
  return {
    host: recording,
    hostOf: ({ name, element, priority, stage }, part) => {
      const unknown = new Set<string>();
      sections.push({
        contribution: name,
        element,
        priority,
        stage,
        isOwed: part === "owed",
        atEnd: part === "end",
        start: recording.steps.length,
        unknown,
      });
      return observed(recording, unknown);
    },
    planned: (stage, { state, contributions }) => ({
      stage,
      state,
      notRun: contributions.filter((record) => record.state === "pending").map(({ name }) => name),
      sections: sections.flatMap((section, index) => {
        if (section.stage !== stage) return [];
        const { contribution, element, priority, isOwed, atEnd, start, unknown } = section;
        const recorded = recording.steps.slice(start, sections[index + 1]?.start);
        const steps = recorded.filter((step) => !("path" in step && isStorePath(step.path)));
        return [{ contribution, element, priority, isOwed, atEnd, steps, unknown: [...unknown] }];
      }),
    }),
  };
}

/** The host that also notes which answers it could not give as the machine will. */
function observed(host: Host, unknown: Set<string>): Host {
  const query: Host["query"] = async (argv, options) => {
    try {
      const result = await host.query(argv, options);
      if (result.skipped) unknown.add(`what \`${argv.join(" ")}\` says`);
      return result;
    } catch (error) {
      const isMissing = error instanceof CommandError && error.code === "command-not-found";
      if (isMissing) unknown.add(`what \`${argv.join(" ")}\` says: ${argv[0]} is not installed here`);
      throw error;
    }
  };
  const fetch: Host["fetch"] = async (url, options) => {
    const response = await host.fetch(url, options);
    if (response.skipped === true) unknown.add(`what ${urlSubject(url)} answers`);
    return response;
  };
  const connect: Host["connect"] = async (name, port, options) => {
    unknown.add(`whether ${name} port ${port} can be reached`);
    return host.connect(name, port, options);
  };
  const lookup: Host["lookup"] = async (name, options) => {
    unknown.add(`which addresses ${name} has`);
    return host.lookup(name, options);
  };
  const facts: Host["facts"] = async () => {
    const known = await host.facts();
    if (known === undefined) unknown.add("its hardware");
    return known;
  };
  return hostWith(host, { query, fetch, connect, lookup, facts });
}
