/** What one contribution would do. The steps are those of the recording host. */
export interface PlanSection {
  contribution: string;
  element: string;
  steps: readonly PlanStep[];
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

/** The plan for people: for each contribution what it would do, in order, files as unified differences. */
export async function formatPlan(sections: readonly PlanSection[]): Promise<string> {
  const { createTwoFilesPatch } = await import(/* webpackMode: "eager" */ "diff");
  const difference = (path: string, before: string | undefined, after: string): string => {
    const from = before === undefined ? "/dev/null" : path;
    const patch = createTwoFilesPatch(from, path, before ?? "", after, undefined, undefined, { context: 3 });
    // The first line only separates patches of several files.
    return patch.split("\n").slice(1).join("\n").trimEnd();
  };
  const sectionText = ({ contribution, element, steps }: PlanSection): string => {
    const title = `${contribution} (element ${element})`;
    const lines = steps.flatMap((step) => [
      summary(step),
      ...(step.kind === "write" ? [difference(step.path, step.previous, step.content)] : []),
    ]);
    return [title, ...(lines.length === 0 ? ["nothing to do"] : lines)].join("\n").replaceAll("\n", "\n  ");
  };
  const count = sections.reduce((sum, { steps }) => sum + steps.length, 0);
  return `${[...sections.map(sectionText), `plan: ${count} steps, nothing was changed`].join("\n")}\n`;
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
      return `wait ${step.seconds} s`;
  }
}

function verb(change: "created" | "changed"): string {
  return change === "created" ? "create" : "change";
}

function permissions({ mode, owner }: { mode: number; owner: { uid: number; gid: number } }): string {
  const who = owner.uid === 0 && owner.gid === 0 ? "" : `, owner ${owner.uid}:${owner.gid}`;
  return `${mode.toString(8).padStart(4, "0")}${who}`;
}
