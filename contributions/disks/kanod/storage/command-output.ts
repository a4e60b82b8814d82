import { AgentError, CommandError } from "kanod-configure";

/** The JSON output of a command, of whose form its manual is the source. @throws AgentError `bad-command-output` */
export function readJson<T>(program: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new AgentError("bad-command-output", `${program} did not answer with JSON`, { cause: error });
  }
}

/** Whether a command is not there at all, as on an image without LVM. */
export function isNotFound(error: unknown): boolean {
  return error instanceof CommandError && error.code === "command-not-found";
}
