/**
 * Preloaded (`node --import`) into an agent: kills the process with SIGKILL right before the Nth call that changes the
 * file system, N from KILL_AT. Without it, writes the number of such calls to the file COUNT_TO when the process ends.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const changing = [
  ...[
    "appendFile",
    "chmod",
    "chown",
    "copyFile",
    "fchmod",
    "fchown",
    "fdatasync",
    "fsync",
    "ftruncate",
    "lchown",
    "link",
  ],
  ...[
    "mkdir",
    "mkdtemp",
    "rename",
    "rm",
    "rmdir",
    "symlink",
    "truncate",
    "unlink",
    "utimes",
    "write",
    "writeFile",
    "writev",
  ],
].map((name) => `${name}Sync`);
const killAt = Number(process.env.KILL_AT ?? 0);
const countTo = process.env.COUNT_TO;
const { writeFileSync } = fs;
let calls = 0;

for (const name of changing) {
  const original = fs[name];
  fs[name] = (...args) => {
    calls += 1;
    if (calls === killAt) process.kill(process.pid, "SIGKILL");
    return original(...args);
  };
}
syncBuiltinESMExports();
if (countTo !== undefined) process.on("exit", () => writeFileSync(countTo, String(calls)));
