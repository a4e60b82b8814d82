import { templateText } from "../agent/registry.ts";
import { AgentError } from "../config/agent-error.ts";
import type { Change, Host, WriteOptions } from "../host/host.ts";
import { renderTemplate as render } from "../jinja/evaluate.ts";
import { TemplateError } from "../jinja/template-error.ts";

/**
 * Renders a template of the element (`kanod/templates/NAME`, Jinja2) to a file of the machine. Nothing is escaped; the
 * first line feed behind a statement is dropped (`trim_blocks`), the one at the end of the template stays; printing a
 * variable that is not defined is an error. A first line `## template: jinja`, as cloud-init has it, is left out.
 *
 * @param variables plain data, such as a section of `conf`
 * @throws AgentError `no-template`, `template-failed`
 */
export async function renderTemplate(
  host: Host,
  name: string,
  path: string,
  variables: object,
  options?: WriteOptions,
): Promise<Change> {
  const text = await templateText(name);
  if (text === undefined) throw new AgentError("no-template", `no element of this image has a template ${name}`);
  return host.writeFile(path, rendered(name, text, variables), options);
}

function rendered(name: string, text: string, variables: object): string {
  // The line is counted, so that the place of an error is the one in the file.
  const body = text.replace(/^##[ \t]*template:[ \t]*jinja[ \t]*\r?\n/i, "{#\n+#}");
  try {
    return render(body, new Map(Object.entries(variables)), { trimBlocks: true, keepTrailingNewline: true });
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const place = `line ${error.line}, column ${error.column}`;
    throw new AgentError("template-failed", `template ${name}, ${place}: ${error.message}`, { cause: error });
  }
}
