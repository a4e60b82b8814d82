import type { Entry } from "./module-definition.ts";

/** What the user and the defaults settled. */
export interface Settings {
  readonly vars: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
  /** Names of the vars whose values are not shown. */
  readonly secret: ReadonlySet<string>;
}

/** A condition, whether it holds, and a few words why: without the value of a secret. */
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

function check(condition: string, settings: Settings): { holds: boolean; reason: string } {
  const sign = condition.indexOf("=");
  if (sign >= 0) {
    const name = condition.slice(0, sign);
    const value = settings.vars.get(name);
    return { holds: value === condition.slice(sign + 1), reason: valueReason(name, settings) };
  }
  if (settings.flags.has(condition)) return { holds: true, reason: `the flag ${condition} is set` };
  return { holds: settings.vars.has(condition), reason: valueReason(condition, settings) };
}

function valueReason(name: string, { vars, secret }: Settings): string {
  const value = vars.get(name);
  if (value === undefined) return `${name} is not set`;
  return secret.has(name) ? `${name} is set` : `${name} is '${value}'`;
}
