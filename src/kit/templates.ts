import { templateText } from "../agent/registry.ts";
import { AgentError } from "../config/agent-error.ts";
import type { Change, Host, WriteOptions } from "../host/host.ts";

/**
 * Renders a template of the element (`kanod/templates/NAME`, Jinja2 as nunjucks understands it) to a file of the
 * machine. Nothing is escaped; the first line feed behind a block tag is dropped; a variable that is not defined is an
 * error rather than nothing.
 *
 * @throws AgentError `no-template`, `template-failed`
 */
export async function renderTemplate(
  host: Host,
  name: string,
  path: string,
  variables: Readonly<Record<string, unknown>>,
  options?: WriteOptions,
): Promise<Change> {
  const text = await templateText(name);
  if (text === undefined) throw new AgentError("no-template", `no element of this image has a template ${name}`);
  const { default: nunjucks } = await import(/* webpackMode: "eager" */ "nunjucks");
  const environment = new nunjucks.Environment(null, { autoescape: false, throwOnUndefined: true, trimBlocks: true });
  try {
    return await host.writeFile(path, environment.renderString(text, variables), options);
  } catch (error) {
    if (error instanceof AgentError) throw error;
    // nunjucks puts "(unknown path)" and the line in front; it never quotes a value.
    const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, " ") : String(error);
    throw new AgentError("template-failed", `template ${name}: ${reason}`, { cause: error });
  }
}
