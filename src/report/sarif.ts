import type { CheckedFile } from "../config/checked-file.ts";
import { findCode } from "../config/codes/find-code.ts";
import type { Problem } from "../config/problem.ts";
import type { ValidationReport } from "./validation.ts";

/**
 * SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), as code scanning services read it.
 *
 * @param version of kanod-configure
 */
export function sarifReport(version: string): ValidationReport {
  const codes = new Set<string>();
  const unreadable: object[] = [];
  let separator = "\n";
  const results = ({ file, problems }: CheckedFile): string =>
    problems
      .map((problem) => {
        codes.add(problem.code);
        const text = `${separator}${JSON.stringify(result(file, problem))}`;
        separator = ",\n";
        return text;
      })
      .join("");
  return {
    begin: () =>
      '{ "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [{ "results": [',
    file: results,
    unreadable: (file, message) => {
      unreadable.push({
        level: "error",
        message: { text: message },
        locations: [{ physicalLocation: artifact(file) }],
      });
      return "";
    },
    end: () => {
      const rules = [...codes].sort().map(rule);
      const rest = {
        columnKind: "unicodeCodePoints",
        invocations: [{ executionSuccessful: unreadable.length === 0, toolExecutionNotifications: unreadable }],
        tool: { driver: { name: "kanod-configure", version, informationUri: homepage, rules } },
      };
      return `\n], ${JSON.stringify(rest).slice(1, -1)} }] }\n`;
    },
  };
}

/** A package URL (ECMA-427), which holds whichever registry or mirror the package comes from. */
const homepage = "pkg:npm/kanod-configure";

/** GitHub shows `help.markdown` beside an alert, and the other texts in its lists. Elements of others have no texts. */
function rule(id: string): object {
  const known = findCode(id);
  if (known === undefined) return { id, name: id };
  const { meaning, remedy, severity = "error", page, section } = known;
  return {
    id,
    name: id,
    shortDescription: { text: firstSentence(meaning) },
    fullDescription: { text: meaning },
    defaultConfiguration: { level: severity },
    help: { text: `${meaning}\n${remedy}`, markdown: `${meaning}\n\n**What to do:** ${remedy}` },
    helpUri: `${homepage}#docs/${page}.md`,
    properties: { tags: [page, section] },
  };
}

function firstSentence(text: string): string {
  return /^.*?\.(?= |$)/.exec(text)?.[0] ?? text;
}

function result(file: string, { severity, code, pointer, message, hint, source }: Problem): object {
  const region =
    source === undefined
      ? {}
      : { region: { startLine: source.line, startColumn: source.column, endColumn: source.endColumn } };
  return {
    ruleId: code,
    level: severity,
    message: { text: hint === undefined ? message : `${message}\n${hint}` },
    locations: [
      {
        physicalLocation: { ...artifact(file), ...region },
        ...(pointer === "" ? {} : { logicalLocations: [{ fullyQualifiedName: pointer }] }),
      },
    ],
  };
}

/** Relative paths are taken from the root of the repository. */
function artifact(file: string): object {
  const uri = file.split("/").map(encodeURIComponent).join("/");
  return { artifactLocation: { uri: file.startsWith("/") ? `file://${uri}` : uri } };
}
