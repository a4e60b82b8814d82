import type { Entry } from "./module-definition.ts";

/** What the user and the defaults settled. */
export interface Settings {
  readonly vars: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
}

/** A condition, whether it holds, and a few words why. */
export interface ConditionResult {
  readonly text: string;
  readonly holds: boolean;
  readonly reason: string;
}

/** Looks at every condition of a `when`, also behind one that does not hold. */
export function checkConditions(when: readonly Entry[], settings: Settings): ConditionResult[] {
  return when.map(({ text }) => {
    const negated = text.startsWith("!");
    const { holds, reason } = check(negated ? text.slice(1) : text, settings);
    return { text, holds: holds !== negated, reason };
  });
}

/** No condition means always. */
export function allHold(results: readonly ConditionResult[]): boolean {
  return results.every(({ holds }) => holds);
}

function check(condition: string, { vars, flags }: Settings): { holds: boolean; reason: string } {
  const sign = condition.indexOf("=");
  if (sign >= 0) {
    const name = condition.slice(0, sign);
    const value = vars.get(name);
    const reason = value === undefined ? `${name} has no value` : `${name} is '${value}'`;
    return { holds: value === condition.slice(sign + 1), reason };
  }
  if (flags.has(condition)) return { holds: true, reason: `the flag ${condition} is set` };
  const value = vars.get(condition);
  if (value === undefined) return { holds: false, reason: `${condition} is not set` };
  return { holds: true, reason: `${condition} is '${value}'` };
}
