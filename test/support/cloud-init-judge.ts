/** cloud-init's own functions, asked what they make of user-data: cloud-init-judge.py. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Debian's interpreter, whose modules the package cloud-init puts there. */
const python = "/usr/bin/python3";
const script = fileURLToPath(new URL("cloud-init-judge.py", import.meta.url));
/** A folder with other sources of cloud-init than the installed ones: its `cloudinit` is used. */
const sources = process.env["KANOD_CLOUD_INIT"];

export interface YamlVerdict {
  refused: boolean;
  value?: unknown;
  reason?: string;
}

export interface UserDataVerdict {
  /** The merged cloud-config; null where no part of it was read. */
  config: Record<string, unknown> | null;
  /** The script of the commands; null where there is none, or cloud-init refuses to make one. */
  runcmd?: string | null;
  bootcmd?: string | null;
  /** By path; content in base64. */
  files?: Record<string, { content: string; mode: number }>;
}

/** Why the judge cannot be asked. */
export function missingJudge(): string | undefined {
  const { status } = spawnSync(python, ["-c", "import cloudinit, jinja2, yaml"], { stdio: "ignore" });
  return status === 0 ? undefined : "needs the package cloud-init";
}

/** What PyYAML, as cloud-init calls it, makes of texts. */
export function judgeYaml(texts: readonly string[]): YamlVerdict[] {
  return ask(texts.map((yaml) => ({ yaml })));
}

/** What becomes of user-data on a machine with the given instance data. */
export function judgeUserData(
  inputs: readonly (string | Uint8Array)[],
  instance: Readonly<Record<string, unknown>> = {},
): UserDataVerdict[] {
  return ask(inputs.map((input) => ({ userData: Buffer.from(input).toString("base64"), instance })));
}

function ask<T>(requests: readonly unknown[]): T[] {
  const input = requests.map((request) => `${JSON.stringify(request)}\n`).join("");
  const env = { ...process.env, ...(sources === undefined ? {} : { PYTHONPATH: sources }) };
  const { stdout, stderr, status } = spawnSync(python, [script], {
    input,
    env,
    encoding: "utf8",
    maxBuffer: 1024 ** 3,
    timeout: 600_000,
  });
  if (status !== 0) throw new Error(`the judge failed: ${stderr}`);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}
