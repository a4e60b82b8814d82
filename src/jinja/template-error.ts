import type { Place } from "./nodes.ts";

/** What is wrong with a template, at a place in it: line and column count from 1. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  readonly code: "template-syntax" | "undefined-variable" | "template-error";
  readonly line: number;
  readonly column: number;

  constructor(code: TemplateError["code"], message: string, { line, column }: Place) {
    super(message);
    this.code = code;
    this.line = line;
    this.column = column;
  }
}

/** The error of a template that cannot be read. */
export function syntaxError(reason: string, place: Place): TemplateError {
  return new TemplateError("template-syntax", `the template cannot be read: ${reason}`, place);
}
