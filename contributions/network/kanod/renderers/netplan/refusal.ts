import { AgentError, mask, printable } from "kanod-configure";
import { netplanFile } from "./render.ts";

/**
 * Exit codes of `netplan generate` for a configuration that it refuses: 1, and in later releases EX_CONFIG of
 * sysexits.h(3head).
 */
export const refusalExitCodes = [1, 78] as const;

/** `FILE:LINE:COLUMN: MESSAGE` for what stands in a file, and back ends' complaints without a place. */
const complaint = /^(?:(?<file>\/.+):\d+:\d+: |ERROR: |Error in network definition: ).+$/m;

/** Quoted text is a value of the configuration, unless the word before it says that it is a name. */
const nameOrValue = /(\b(?:unknown key|interface|missing) '[^']*')|'.*'|'.*/gi;

/**
 * The error for what `netplan generate` wrote when it refused. netplan shows the line of the file, too, which is left
 * out, as are values: either may be secret, also in files that nobody has told us of.
 */
export function netplanRefusal(stderr: string): AgentError {
  const found = complaint.exec(stderr);
  const file = found?.groups?.["file"];
  const said = found === null ? "" : `: ${printable(withoutValues(found[0]))}`;
  const hint =
    file === undefined || file === netplanFile
      ? "run `netplan generate` on a copy of it to see why"
      : `${file} is not written by kanod-configure: mend it there, or define in \`network\` what it builds upon`;
  return new AgentError("netplan-refuses", `netplan generate refuses the configuration, which is taken back${said}`, {
    hint,
  });
}

function withoutValues(line: string): string {
  return line.replace(nameOrValue, (_, name?: string) => name ?? mask);
}
