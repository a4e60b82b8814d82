import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { CliIo } from "../../src/cli/io.ts";

/** The io of a command in a test, and what the command wrote. */
export function testIo(
  commandLine: readonly [string, ...string[]],
  given: Partial<CliIo> & { stdin?: string | Uint8Array } = {},
): {
  io: CliIo;
  out(): string;
  err(): string;
} {
  const [program, ...args] = commandLine;
  let out = "";
  let err = "";
  const io: CliIo = {
    program,
    args,
    environment: { PATH: process.env["PATH"] },
    workingDirectory: "/",
    readStdin: async () => Buffer.from(given.stdin ?? ""),
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    color: false,
    interactive: false,
    signal: new AbortController().signal,
    ...given,
  };
  return { io, out: () => out, err: () => err };
}

/** A folder that is removed when the test has finished. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "kanod-test-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
