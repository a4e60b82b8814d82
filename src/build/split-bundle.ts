/**
 * A bundle of ncc in two texts, so that the modules that most runs never use are neither read nor kept in memory. Each
 * is a part as launcher.ts joins them.
 */
export interface SplitBundle {
  /** The bundle as a part; the modules that are not in it are asked of `rest`, a function that gives {@link rest}. */
  core: string;
  /** A script whose value is a function that gives the other modules, by their numbers. */
  rest: string;
}

/** From the line of a module's number to the end of its function; ncc indents nothing and ends no other line so. */
const modulePattern = /^\/\*{3}\/ (\w+):\n\/\*{3}\/ [\s\S]*?^\/\*{3}\/ \}\),?\n/gm;
const tableBegin = "__webpack_modules__ = ({\n";

/**
 * @param script a bundle that ncc did not minify
 * @param isCore whether a module, by its number, belongs to the first text
 * @throws Error for a bundle of another form
 */
export function splitBundle(script: string, isCore: (number: string) => boolean): SplitBundle {
  const [core, rest]: [string[], string[]] = [[], []];
  const table = script.indexOf(tableBegin) + tableBegin.length;
  const remaining = script.slice(table).replace(modulePattern, (module: string, number: string) => {
    (isCore(number) ? core : rest).push(compiledWhenCalled(module));
    return "";
  });
  const heads = script.match(/^\/\*{3}\/ \w+:$/gm)?.length ?? 0;
  if (table < tableBegin.length || heads === 0 || core.length + rest.length !== heads) {
    throw new Error("the bundle has another form than ncc gives it");
  }
  // What a table does not have, its prototype is asked for.
  const others = "__proto__: new Proxy({}, { get: (_, number) => rest()[number] }),\n";
  return {
    core: `((module, exports, require, __dirname, rest) => {\n${script.slice(0, table)}${others}${joined(core)}${remaining}\n})`,
    rest: `((require, __dirname) => ({\n${joined(rest)}}))`,
  };
}

function joined(modules: readonly string[]): string {
  return modules.map((module) => module.replace(/,?\n$/, ",\n")).join("");
}

/** ncc writes its modules as functions in parentheses, which V8 compiles at once: most runs need few of them. */
function compiledWhenCalled(module: string): string {
  return module.replace(/^(\/\*{3}\/ )\((?=\(|function)/m, "$1(0, ");
}
