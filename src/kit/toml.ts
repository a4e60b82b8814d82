import { AgentError } from "../config/agent-error.ts";

/**
 * The document of a TOML 1.0 text.
 *
 * @throws AgentError `bad-toml-file`, with the parser's reason and position, and nothing of the text
 */
export async function parseToml(path: string, text: string): Promise<Record<string, unknown>> {
  const { parse, TomlError } = await import(/* webpackMode: "eager" */ "smol-toml");
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The parser puts the lines around the mistake below its reason: they may hold credentials.
    const reason = error.message.split("\n")[0]?.replace("Invalid TOML document: ", "");
    throw new AgentError("bad-toml-file", `${path}:${error.line}:${error.column}: ${reason}`, { cause: error });
  }
}
