import { dirname, join, resolve } from "node:path";
import type { Code } from "../config/codes/catalogue.ts";
import type { Problem, SourceRange } from "../config/problem.ts";
import { BuildError, buildProblem } from "./build-error.ts";
import type { CollectedElement } from "./collect.ts";
import { ShownPaths } from "./shown-paths.ts";
import { machine, packageFolder, readText, requiredPackage, runProgram, writeText } from "./workspace.ts";

/**
 * Settings for contributions: strict about mistakes, silent about taste. Only syntax that Node itself can strip is
 * allowed, so that a contribution also runs uncompiled, as in its unit test.
 */
const compilerOptions = {
  target: "es2023",
  lib: ["es2023"],
  module: "esnext",
  moduleResolution: "bundler",
  moduleDetection: "force",
  strict: true,
  noUncheckedIndexedAccess: true,
  erasableSyntaxOnly: true,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
  resolveJsonModule: true,
  allowJs: true,
  checkJs: true,
  skipLibCheck: true,
  types: ["node"],
};

/**
 * Checks the contributions against the types of the configuration and writes them as JavaScript below `folder`, each at
 * its own absolute path.
 *
 * @param types texts of declaration files by their names
 * @throws BuildError with what TypeScript finds wrong, at its place in the author's file
 */
export async function compileContributions(
  elements: readonly CollectedElement[],
  types: ReadonlyMap<string, string>,
  folder: string,
  options: { work: string; signal?: AbortSignal | undefined },
): Promise<void> {
  const files = elements.flatMap((element) =>
    [...element.declarations, ...element.contributions].map((file) => join(element.folder, file)),
  );
  for (const [name, text] of types) await writeText(join(options.work, name), text);
  const project = {
    compilerOptions: {
      ...compilerOptions,
      typeRoots: [dirname(requiredPackage("@types/node"))],
      paths: { "kanod-configure": [join(packageFolder, "dist/index.d.ts")] },
      rootDir: "/",
      outDir: folder,
    },
    files: [...[...types.keys()].map((name) => join(options.work, name)), ...files],
  };
  await writeText(join(options.work, "tsconfig.json"), JSON.stringify(project));
  const tsc = join(requiredPackage("typescript"), "bin/tsc");
  const argv = [machine.nodeFile, tsc, "--project", "tsconfig.json", "--pretty", "false"];
  const { exitCode, stdout, stderr } = await runProgram(argv, { cwd: options.work, signal: options.signal });
  if (exitCode === 0) return;
  const problems = await readDiagnostics(stdout, options.work, new ShownPaths(elements));
  // Only what does not concern JavaScript, which has no types to write, was found.
  if (problems.length === 0 && diagnostic.test(stdout.split("\n")[0] ?? "")) return;
  if (problems.length === 0) problems.push(buildProblem("type-error", `TypeScript failed: ${stderr || stdout}`));
  throw new BuildError(problems);
}

/** A line of tsc's output. What explains it further follows in lines that begin with a space. */
const diagnostic = /^(?:(?<file>.+?)\((?<line>\d+),(?<column>\d+)\): )?error (?<code>TS\d+): (?<message>.*)$/;

/** What is wrong in JavaScript too: its syntax, unknown names, keys that no schema has. Arguments are checked at run time. */
const inJavaScript = /^TS(?:1\d{3}|2304|2339|2551|2552|2724)$/;

async function readDiagnostics(output: string, folder: string, shown: ShownPaths): Promise<Problem[]> {
  const problems: Problem[] = [];
  let isTold = true;
  for (const line of output.split("\n")) {
    const groups = diagnostic.exec(line)?.groups;
    const last = problems.at(-1);
    if (groups !== undefined) {
      isTold = !/\.m?js$/.test(groups["file"] ?? "") || inJavaScript.test(groups["code"] ?? "");
      if (isTold) problems.push(await problemOf(groups, folder, shown));
    } else if (line.startsWith(" ") && last !== undefined && isTold)
      last.hint = [last.hint, line.trim()].filter(Boolean).join(" ");
  }
  return problems;
}

async function problemOf(groups: Record<string, string>, folder: string, shown: ShownPaths): Promise<Problem> {
  const { file, line, column, code = "", message = "" } = groups;
  const kind = kindOfError(code);
  const text = `${message} [${code}]`;
  if (file === undefined) return buildProblem(kind, text);
  const path = resolve(folder, file);
  const lines = ((await readText(path)) ?? "").split("\n");
  const source = rangeAt(shown.show(path), lines, Number(line), Number(column));
  const hint = hintOfError(code);
  return buildProblem(kind, text, hint === undefined ? { source } : { hint, source });
}

/** tsc counts columns in UTF-16 code units, and gives no end. */
function rangeAt(file: string, lines: readonly string[], line: number, column: number): SourceRange {
  const text = lines[line - 1] ?? "";
  const from = [...text.slice(0, column - 1)].length + 1;
  const token = /^(?:(["'`]).*?\1|[\w$]+|.)/u.exec(text.slice(column - 1))?.[0] ?? "";
  return { file, line, column: from, endColumn: from + [...token].length };
}

function kindOfError(code: string): Code {
  if (code === "TS2307" || code === "TS2792") return "missing-package";
  return /^TS1\d{3}$/.test(code) ? "syntax-error" : "type-error";
}

function hintOfError(code: string): string | undefined {
  switch (code) {
    case "TS2307":
      return "install the package in the folder of the element, or correct the name";
    case "TS7016":
      return "install its types (npm install @types/…), or declare the module in a file kanod/….d.ts";
    case "TS1294":
      return "enum, namespace with code, and parameter properties are not plain JavaScript with types: write it otherwise";
    default:
      return undefined;
  }
}
