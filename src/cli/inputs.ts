import type { InputText } from "../agent/configuration.ts";
import { describeError } from "../agent/describe-error.ts";
import { AgentError } from "../config/agent-error.ts";
import type { Host } from "../host/host.ts";
import { usageError } from "./command-line.ts";
import { exitCodes } from "./io.ts";

/** Standard input can be only one of several inputs. @throws AgentError `stdin-twice` (usage error) */
export function checkStandardInput(files: readonly (string | undefined)[]): void {
  if (files.filter((file) => file === "-").length < 2) return;
  throw usageError("stdin-twice", "standard input (-) can be given only once");
}

/** An optional input. @throws AgentError `unreadable` */
export async function readOptional(host: Host, path: string): Promise<InputText | undefined> {
  const text = await readBytes(host, path);
  return text === undefined ? undefined : { text, file: path };
}

/** A required input. @throws AgentError `unreadable` */
export async function readRequired(host: Host, path: string): Promise<InputText> {
  const input = await readOptional(host, path);
  if (input !== undefined) return input;
  // What a shell makes of `<(command)`: proc(5).
  const isPipe = /^\/(?:dev|proc\/self)\/fd\//.test(path);
  const hint = isPipe ? "pipe it to standard input and name - instead" : undefined;
  throw new AgentError("unreadable", `${path}: no such file`, { exitCode: exitCodes.unreadable, hint });
}

/** @throws AgentError `unreadable` */
async function readBytes(host: Host, path: string): Promise<Uint8Array | undefined> {
  try {
    return await host.readBytes(path);
  } catch (error) {
    const { message } = describeError(error);
    throw new AgentError("unreadable", message, { exitCode: exitCodes.unreadable, cause: error });
  }
}
