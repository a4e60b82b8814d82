import type { StructuredPatchHunk } from "diff";

/** What one contribution would do. The steps are those of the recording host. */
export interface PlanSection {
  contribution: string;
  element: string;
  priority: number;
  /** It is what an earlier run owes. */
  isOwed: boolean;
  /** It is what the contribution does at the end of the run. */
  atEnd: boolean;
  steps: readonly PlanStep[];
  /** What only the machine will tell, so that more, less or something else may be done: ends of a sentence. */
  unknown: readonly string[];
}

/** What a run of one stage would do. */
export interface PlannedStage {
  stage: "boot" | "run";
  /** How it would end, and which contributions it would not come to. */
  state: string;
  notRun: readonly string[];
  sections: readonly PlanSection[];
}

export type PlanStep =
  | {
      kind: "write";
      path: string;
      change: "created" | "changed";
      content: string;
      previous: string | undefined;
      mode: number;
      owner: { uid: number; gid: number };
    }
  | {
      kind: "directory";
      path: string;
      change: "created" | "changed";
      mode: number;
      owner: { uid: number; gid: number };
    }
  | { kind: "symlink"; path: string; change: "created" | "changed"; target: string }
  | { kind: "remove"; path: string }
  | { kind: "run"; argv: readonly string[]; why: string | undefined; skipped: boolean }
  | { kind: "environment"; name: string; value: string | undefined }
  | { kind: "fetch"; method: string; url: string }
  | { kind: "connect"; host: string; port: number }
  | { kind: "lookup"; name: string }
  | { kind: "sleep"; seconds: number };

/** Differences between two states of a file, in the unified format. */
type Difference = (path: string, before: string | undefined, after: string) => string;

/** The plan for people: for each contribution what it would do, in order, files as unified differences. */
export async function formatPlan(stages: readonly PlannedStage[]): Promise<string> {
  const difference = await loadDifference();
  const texts = stages.flatMap((planned) => [
    ...(stages.length > 1 ? [`${planned.stage} stage`] : []),
    ...planned.sections.map((section) => sectionText(section, difference)),
    ...ending(planned),
  ]);
  const sections = stages.flatMap((planned) => planned.sections);
  const count = sections.reduce((sum, { steps }) => sum + steps.length, 0);
  return `${[...texts, ...effects(sections), `plan: ${count} ${count === 1 ? "step" : "steps"}, nothing was changed`].join("\n")}\n`;
}

/**
 * The plan for programs, version 1: `{ version, stages: [{ stage, state, notRun, contributions: [{ name, element,
 * priority, owed, atEnd, steps, unknown }] }], units, reboot }`. A `write` has a `diff`, modes are octal text.
 */
export async function planJson(stages: readonly PlannedStage[]): Promise<string> {
  const difference = await loadDifference();
  const steps = (section: PlanSection): object[] => {
    return section.steps.map((step) => ({
      ...step,
      ...("mode" in step ? { mode: octal(step.mode) } : {}),
      ...(step.kind === "write" ? { diff: difference(step.path, step.previous, step.content) } : {}),
    }));
  };
  const sections = stages.flatMap((planned) => planned.sections);
  const plan = {
    version: 1,
    stages: stages.map(({ stage, state, notRun, sections: own }) => ({
      stage,
      state,
      notRun,
      contributions: own.map((section) => {
        const { contribution: name, element, priority, isOwed: owed, atEnd, unknown } = section;
        return { name, element, priority, owed, atEnd, steps: steps(section), unknown };
      }),
    })),
    units: Object.fromEntries(unitActions(sections)),
    reboot: reboots(sections).length > 0,
  };
  return `${JSON.stringify(plan, undefined, 2)}\n`;
}

async function loadDifference(): Promise<Difference> {
  const { formatPatch, structuredPatch } = await import(/* webpackMode: "eager" */ "diff");
  return (path, before, after) => {
    const hunks =
      before === undefined
        ? hunksOfNew(after)
        : structuredPatch(path, path, before, after, undefined, undefined, { context: 3 }).hunks;
    const from = before === undefined ? "/dev/null" : path;
    const names = { oldFileName: from, newFileName: path, oldHeader: undefined, newHeader: undefined };
    const patch = formatPatch({ ...names, hunks });
    // What stands before it only separates patches of several files.
    return patch.slice(patch.indexOf("--- ")).trimEnd();
  };
}

/** Most files of a plan are new, and need no comparison. */
export function hunksOfNew(content: string): StructuredPatchHunk[] {
  if (content === "") return [];
  const ends = content.endsWith("\n");
  const lines = (ends ? content.slice(0, -1) : content).split("\n").map((line) => `+${line}`);
  const mark = ends ? [] : ["\\ No newline at end of file"];
  return [{ oldStart: 1, oldLines: 0, newStart: 1, newLines: lines.length, lines: [...lines, ...mark] }];
}

function sectionText(section: PlanSection, difference: Difference): string {
  const { contribution, element, isOwed, atEnd, steps, unknown } = section;
  const when = isOwed ? ", owed by an earlier run" : atEnd ? ", at the end of the run" : "";
  const title = `${contribution} (element ${element}${when})`;
  const lines = steps.flatMap((step) => [
    summary(step),
    ...(hasNewContent(step) ? [difference(step.path, step.previous, step.content)] : []),
  ]);
  const unknowns = shortened(unknown).map((what) => `known only on the machine: ${what}`);
  return [title, ...(lines.length === 0 ? ["nothing to do"] : lines), ...unknowns].join("\n").replaceAll("\n", "\n  ");
}

/** How many commands are listed; of more, only the programs are named. */
const listedQueries = 3;

function shortened(unknown: readonly string[]): string[] {
  const programOf = (what: string): string | undefined => /^what `(\S+)[^`]*` says$/.exec(what)?.[1];
  const queries = unknown.filter((what) => programOf(what) !== undefined);
  if (queries.length <= listedQueries) return [...unknown];
  const programs = [...new Set(queries.flatMap((what) => programOf(what) ?? []))];
  const others = unknown.filter((what) => !queries.includes(what));
  return [
    `what ${programs.join(", ")} ${programs.length === 1 ? "says" : "say"} (${queries.length} commands)`,
    ...others,
  ];
}

/** Only mode or owner change where it has not. */
function hasNewContent(step: PlanStep): step is Extract<PlanStep, { kind: "write" }> {
  return step.kind === "write" && step.previous !== step.content;
}

function ending({ state, notRun }: PlannedStage): string[] {
  if (notRun.length === 0) return [];
  return [`${state === "stopped" ? "stopped" : "ended"} here, not run: ${notRun.join(", ")}`];
}

/** Units of systemd and reboots, all together: what one wants to know first of a plan. */
function effects(sections: readonly PlanSection[]): string[] {
  const units = [...unitActions(sections)].map(([unit, actions]) => `${unit} (${actions.join(", ")})`);
  const rebooting = reboots(sections).map(({ contribution }) => contribution);
  return [
    ...(units.length === 0 ? [] : [`units: ${units.join(", ")}`]),
    ...(rebooting.length === 0 ? [] : [`reboot: by ${rebooting.join(", ")}`]),
  ];
}

const unitVerbs = /^(?:enable|disable|mask|unmask|start|stop|restart|reload|reload-or-restart|try-restart)$/;

/** What systemctl(1) is asked to do with each unit, in order. */
function unitActions(sections: readonly PlanSection[]): Map<string, string[]> {
  const actions = new Map<string, string[]>();
  for (const argv of commands(sections)) {
    if (baseName(argv[0]) !== "systemctl") continue;
    const words = argv.slice(1).filter((word, index, all) => !word.startsWith("-") && all[index - 1] !== "--root");
    const [verb = "", ...units] = words;
    if (!unitVerbs.test(verb)) continue;
    for (const unit of units) actions.set(unit, [...new Set([...(actions.get(unit) ?? []), verb])]);
  }
  return actions;
}

function reboots(sections: readonly PlanSection[]): PlanSection[] {
  return sections.filter((section) => commands([section]).some(isReboot));
}

function isReboot([program, ...words]: readonly string[]): boolean {
  const name = baseName(program);
  if (name === "reboot") return true;
  return (name === "systemctl" && words.includes("reboot")) || (name === "shutdown" && words.includes("-r"));
}

function commands(sections: readonly PlanSection[]): (readonly string[])[] {
  return sections.flatMap(({ steps }) => steps.flatMap((step) => (step.kind === "run" ? [step.argv] : [])));
}

function baseName(program = ""): string {
  return program.slice(program.lastIndexOf("/") + 1);
}

function summary(step: PlanStep): string {
  switch (step.kind) {
    case "write":
      return `${verb(step.change)} file ${step.path} (${permissions(step)})`;
    case "directory":
      return `${verb(step.change)} folder ${step.path} (${permissions(step)})`;
    case "symlink":
      return `${verb(step.change)} link ${step.path} -> ${step.target}`;
    case "remove":
      return `remove ${step.path}`;
    case "run": {
      const words = step.argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(" ");
      const why = step.why === undefined ? "" : `  # ${step.why}`;
      return `${step.skipped ? "leave out, on a target tree:" : "run"} ${words}${why}`;
    }
    case "environment":
      return step.value === undefined ? `unset ${step.name}` : `set ${step.name}`;
    case "fetch":
      return `fetch ${step.method} ${step.url}`;
    case "connect":
      return `connect to ${step.host} port ${step.port}`;
    case "lookup":
      return `look up ${step.name}`;
    case "sleep":
      return `wait ${Math.round(step.seconds * 10) / 10} s`;
  }
}

function verb(change: "created" | "changed"): string {
  return change === "created" ? "create" : "change";
}

function permissions({ mode, owner }: { mode: number; owner: { uid: number; gid: number } }): string {
  const who = owner.uid === 0 && owner.gid === 0 ? "" : `, owner ${owner.uid}:${owner.gid}`;
  return `${octal(mode)}${who}`;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
