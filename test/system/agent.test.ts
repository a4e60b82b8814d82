/** The agent on the machine itself, in a mount namespace that has folders of its own where it writes. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { compiledAgent, type Ended, fixtureElement } from "../support/compiled-agent.ts";
import { temporaryFolder } from "../support/host.ts";
import { partsObstacle } from "../support/namespace.ts";

const obstacle = partsObstacle("unshare", "mount", "script", "dd");
const agents =
  obstacle === undefined
    ? { well: compiledAgent([fixtureElement("plain-javascript")]), failing: compiledAgent([fixtureElement("fails")]) }
    : { well: "", failing: "" };

let work: string;
beforeEach(({ skip }) => {
  if (obstacle !== undefined) skip(obstacle);
  work = temporaryFolder();
  for (const folder of ["upper/kanod-configure", "work"]) mkdirSync(join(work, folder), { recursive: true });
  writeFileSync(join(work, "upper/kanod-configure/configuration.yaml"), "name: machine-1\n");
});

/** Runs lines of sh as root, as the machine that the configuration is for. `$agent` is the folder of an agent. */
function onMachine(agent: string, lines: string): Ended {
  const prepare = `set -e
mount -t overlay -o "lowerdir=/etc,upperdir=$work/upper,workdir=$work/work" overlay /etc
for folder in /run /var/lib /var/log; do mount -t tmpfs -o size=256k tmpfs "$folder"; done
full() { dd if=/dev/zero "of=$1/filled" bs=1k count=1k 2> "$work/dd" || grep -q "No space left" "$work/dd"; }
`;
  const argv = ["--mount", "--propagation=private", "sh", "-c", prepare + lines];
  const env = { ...process.env, agent, work };
  const { status, stdout, stderr } = spawnSync("unshare", argv, { env, encoding: "utf8", timeout: 60_000 });
  return { exitCode: status, out: stdout, err: stderr };
}

test("a failure is shown on the machine's console too, when standard output is somewhere else", () => {
  const { exitCode } = onMachine(
    agents.failing,
    `script --quiet --return --command 'mount --bind "$(tty)" /dev/console
"$agent/kanod-runcmd" > "$work/out" 2> "$work/err"' "$work/console"`,
  );
  const console = readFileSync(join(work, "console"), "utf8");
  const said = readFileSync(join(work, "out"), "utf8") + readFileSync(join(work, "err"), "utf8");
  expect([exitCode, said, console]).toEqual([
    1,
    expect.stringContaining("fails"),
    expect.stringMatching(/fails[\s\S]*kanod-configure status/),
  ]);
  expect(console).not.toContain("fails: started");
});

test("on the console itself nothing is said twice", () => {
  onMachine(
    agents.failing,
    `script --quiet --return --command 'mount --bind "$(tty)" /dev/console; "$agent/kanod-runcmd"' "$work/console"`,
  );
  const console = readFileSync(join(work, "console"), "utf8");
  expect(console.match(/kanod-configure status/g)).toHaveLength(1);
});

test("without room for the log the run goes on, and says so", () => {
  const { exitCode, err, out } = onMachine(agents.well, `full /var/log; "$agent/kanod-runcmd"`);
  expect([exitCode, out + err]).toEqual([0, expect.stringMatching(/kanod-configure\.log.*no space left/i)]);
});

test("without room for its journal a run fails, and says why", () => {
  const { exitCode, err, out } = onMachine(agents.well, `full /var/lib; "$agent/kanod-runcmd"`);
  expect(exitCode).toBe(1);
  expect(out + err).toMatch(/state\.json.*no space left/i);
  expect(out + err).toContain("[journal-not-written]");
});
