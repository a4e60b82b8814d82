import type { Inspection } from "./inspection.ts";
import { type Rendered, renderJinja, TemplateFault } from "./jinja.ts";
import { type PlacedText, partText, type Segment } from "./placed-text.ts";
import { readAsPyYaml } from "./pyyaml/read.ts";

/**
 * The text as cloud-init renders it, its blanks as they are meant. Undefined where cloud-init refuses to: this, and blanks
 * that make something else of it, are reported.
 */
export function checkedRendering(
  inspection: Inspection,
  body: PlacedText,
  { variant, around = (text) => text }: { variant: number; around?: (rendered: string) => string },
): Rendered | undefined {
  try {
    const actual = renderJinja(body, { variant, asMeant: false });
    const meant = renderJinja(body, { variant, asMeant: true });
    const { joiningStatement: statement } = actual;
    const isSame = statement === undefined || actual.text.text === meant.text.text;
    if (!isSame && readingOf(around(actual.text.text)) !== readingOf(around(meant.text.text))) {
      const message =
        "cloud-init removes the line break behind this statement, but not the blanks before it: what follows becomes something else";
      const hint =
        "put statements on lines of their own in the first column, or write `{%-`, or `+%}` at the end of a line";
      inspection.report("error", "bad-template", body.place(statement.start, statement.end), message, { hint });
    }
    return meant;
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error;
    const message = `cloud-init drops all that is in this text: ${error.message}`;
    const hint = "where the text is no template, write `{{ '{{' }}`, or `{% raw %}` and `{% endraw %}` around it";
    inspection.report("error", "bad-template", body.place(error.start, error.end), message, { hint });
    return undefined;
  }
}

function readingOf(text: string): string {
  const { value, problems } = readAsPyYaml(text, "");
  return JSON.stringify([value, problems.length]);
}

/** Checks the content of a file, which kubeadm's provider puts into a block of a cloud-config that is a template. */
export function checkInBlock(inspection: Inspection, content: PlacedText): void {
  if (!/\{[%#]/.test(content.text)) return;
  const segments: Segment[] = [];
  let text = "";
  for (const { 0: line, index } of content.text.matchAll(/[^\n]*(?:\n|$)/g)) {
    if (line === "") continue;
    text += indent;
    segments.push({ inner: text.length, outer: index });
    text += line;
  }
  const block = partText(content, text, [{ inner: 0, outer: 0 }, ...segments]);
  const around = (rendered: string): string => `files:\n- content: |\n${rendered}\n  path: a\ncommands:\n- b\n`;
  for (const variant of [0, 1]) checkedRendering(inspection, block, { variant, around });
}

/** The blanks that the provider puts before each line. */
const indent = "      ";
