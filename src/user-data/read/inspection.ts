import type { DocumentKind } from "../../config/checked-file.ts";
import type { Code } from "../../config/codes/catalogue.ts";
import type { Problem, Severity } from "../../config/problem.ts";
import type { YamlDocument } from "../../config/yaml.ts";
import type { Place, PlacedText } from "./placed-text.ts";
import type { Program } from "./program-words.ts";
import type { TemplateSyntax } from "./templates.ts";

/** A document that was found in a file. */
export interface FoundDocument {
  kind: DocumentKind;
  /** JSON pointer of the text in the file; through several documents within each other, one after the other. */
  pointer: string;
  /** What is to be checked; undefined for documents that only hold others. */
  text?: PlacedText;
  /** What was read of `text` already. */
  document?: YamlDocument;
  templates: readonly TemplateSyntax[];
  /** Parts of it may be there several times, or not at all. */
  isConditional?: boolean;
  /** Where it begins. */
  place: Place;
  /** Looks at the value of the document for what concerns the text around it. */
  around?: (value: unknown) => void;
}

/** A call of one of our programs whose arguments are known. */
export interface FoundCall {
  program: Program;
  /** The word that names the program. */
  name: PlacedText;
  arguments: readonly PlacedText[];
}

/** What was found in a file. */
export class Inspection {
  readonly documents: FoundDocument[] = [];
  readonly calls: FoundCall[] = [];
  readonly problems: Problem[] = [];

  report(
    severity: Severity,
    code: Code,
    place: Place,
    message: string,
    more: { hint?: string; pointer?: string } = {},
  ): void {
    this.problems.push(atPlace({ severity, code, pointer: more.pointer ?? "", message, ...hinted(more.hint) }, place));
  }
}

/** Says that a text cannot be read before its templates are filled in. */
export function reportTemplateOnly(inspection: Inspection, text: PlacedText): void {
  const message = "this becomes YAML only when its templates are filled in: it was not checked";
  inspection.report("note", "not-checked", text.place(0, 1), message);
}

function hinted(hint: string | undefined): { hint?: string } {
  return hint === undefined ? {} : { hint };
}

/** The problem at a place; in decoded text, which nobody sees, the message says where. */
export function atPlace(problem: Problem, { source, decoded }: Place): Problem {
  if (decoded === undefined) return { ...problem, source };
  const where = `line ${decoded.line}, column ${decoded.column} of the decoded text`;
  return { ...problem, message: `${problem.message} (${where})`, source };
}
