/**
 * The agent's part of a program is a bundle of ncc in three scripts, so that modules which most runs do not use are
 * neither read nor kept in memory: what a run of a stage needs, what `validate` needs besides, and the rest.
 */
export const agentParts = ["agent", "agent-offline", "agent-rest"] as const;

export type AgentPart = (typeof agentParts)[number];

/**
 * The value of the first script is a function as launcher.ts calls parts; modules that are not in it are asked of its
 * last argument, by their numbers. The value of the others is a function that gives their modules, by their numbers.
 */
export type SplitBundle = Readonly<Record<AgentPart, string>>;

/** From the line of a module's number to the end of its function; ncc indents nothing and ends no other line so. */
const modulePattern = /^\/\*{3}\/ (\w+):\n\/\*{3}\/ [\s\S]*?^\/\*{3}\/ \}\),?\n/gm;
const tableBegin = "__webpack_modules__ = ({\n";

/**
 * @param script a bundle that ncc did not minify
 * @param partOf where a module belongs, by its number
 * @throws Error for a bundle of another form
 */
export function splitBundle(script: string, partOf: (number: string) => AgentPart): SplitBundle {
  const modules: Record<AgentPart, string[]> = { agent: [], "agent-offline": [], "agent-rest": [] };
  const table = script.indexOf(tableBegin) + tableBegin.length;
  const remaining = script.slice(table).replace(modulePattern, (module: string, number: string) => {
    modules[partOf(number)].push(compiledWhenCalled(module));
    return "";
  });
  const heads = script.match(/^\/\*{3}\/ \w+:$/gm)?.length ?? 0;
  if (table < tableBegin.length || heads === 0 || Object.values(modules).flat().length !== heads) {
    throw new Error("the bundle has another form than ncc gives it");
  }
  const begin = `((module, exports, require, __dirname, others) => {\n${script.slice(0, table)}`;
  return {
    // What a table does not have, its prototype is asked for.
    agent: `${begin}__proto__: others,\n${joined(modules.agent)}${remaining}\n})`,
    "agent-offline": moduleTable(modules["agent-offline"]),
    "agent-rest": moduleTable(modules["agent-rest"]),
  };
}

function moduleTable(modules: readonly string[]): string {
  return `((require, __dirname) => ({\n${joined(modules)}}))`;
}

function joined(modules: readonly string[]): string {
  return modules.map((module) => module.replace(/,?\n$/, ",\n")).join("");
}

/** ncc writes its modules as functions in parentheses, which V8 compiles at once: most runs need few of them. */
function compiledWhenCalled(module: string): string {
  return module.replace(/^(\/\*{3}\/ )\((?=\(|function)/m, "$1(0, ");
}
