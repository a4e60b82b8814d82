import { type ProgramOptions, runProgram } from "../compile/workspace.ts";
import { AgentError } from "../config/agent-error.ts";

/** How long one program may take to make its part of an output, in seconds. */
const timeout = 3600;

/**
 * Runs a program of the host that makes a part of an output.
 *
 * @throws AgentError `output-failed` with what it said last, `interrupted`
 */
export async function runTool(argv: readonly string[], options: ProgramOptions): Promise<void> {
  const { exitCode, stdout, stderr, fault, timedOut } = await runProgram(argv, { timeout, ...options });
  if (exitCode === 0) return;
  const said = `${stdout}\n${stderr}`.split("\n").filter((line) => line.trim() !== "");
  const reason = timedOut ? `it took longer than ${timeout} s` : (fault ?? said.slice(-3).join("; "));
  throw new AgentError("output-failed", `${argv[0]} failed: ${reason}`, {
    ...(said.some((line) => line.includes("No space left on device")) && {
      hint: "a file system is full: TMP_DIR names the folder for the build",
    }),
  });
}
