/** What `plan` foretells of an image's tree is what the run does to it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { compiledAgent, runProgram } from "../support/compiled-agent.ts";
import { cloneRootfs, debianRootfs, rootfsObstacle } from "../support/debian-rootfs.ts";
import { describeWith } from "../support/requirements.ts";
import { selfSigned } from "../support/self-signed.ts";
import { treeState } from "../support/tree-hash.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const contribution = (name: string): string => join(repository, "contributions", name);

interface Step {
  kind: string;
  path?: string;
  mode?: string;
  content?: string;
  argv?: string[];
}

/** A text in which a plan masks the secrets. */
function unmasked(text = ""): RegExp {
  const pieces = text.split("***").map((piece) => piece.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  return new RegExp(`^${pieces.join(".*")}$`);
}

describeWith(rootfsObstacle())("a plan of all that we ship, on the tree of an image", () => {
  const elements = readdirSync(join(repository, "contributions"), { withFileTypes: true }).filter((each) =>
    each.isDirectory(),
  );
  const agent = compiledAgent(elements.map(({ name }) => contribution(name)));
  const configuration = JSON.stringify({
    name: "node1.example.org",
    network: { version: 2, ethernets: { eth0: { addresses: ["192.0.2.10/24"] } } },
    proxy: { http: "http://proxy.example.org:3128", no_proxy: "localhost" },
    certificates: { own: selfSigned().cert },
    mounts: [["LABEL=data", "/srv/data"]],
    timezone: "Europe/Paris",
    admin: {
      username: "operator",
      passwd: "$6$salt$0cCfXEGGfA45xFTOA5a7uuSNYEGQjPiJR0BQWHJOT.FB6whpg21kYWF.gl02WC6VIyCXHKjssnEWcgITqRRFX0",
      keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKKM/P07p8iFXNEASUBVPPi8gV8JPkHnRE0bx0UsC+Nb operator"],
    },
  });

  /** What the commands of a run change by themselves. */
  const byCommands: [command: RegExp, paths: RegExp][] = [
    [/systemctl --root=\S+ enable /, /^\/etc\/systemd\/system\/(dbus-\S+\.service|\S+\.wants(\/systemd-network\S+)?)$/],
    [/update-ca-certificates/, /^\/etc\/ssl\/certs(\/|$)|^\/etc\/ca-certificates(\/|$)/],
    [
      /useradd|usermod|groupadd|chpasswd/,
      /^\/etc\/(sub)?(passwd|shadow|group|gshadow|uid|gid)-?$|^\/etc\/\.pwd\.lock$|^\/home(\/|$)|^\/var\/(log\/(lastlog|faillog)|mail)(\/|$)/,
    ],
  ];
  /** Commands that change nothing are run for a plan, too, and are no part of it. */
  const asksOnly = /nmcli -g |ip -json -details |systemctl (--root=\S+ )?is-\w+ |findmnt |findfs |openssl passwd /;
  const ownMarks = /^\/(var\/(lib|log|run)|run)\/kanod|^\/etc\/kanod-configure\/status$/;

  test("is what the run does, and all that it does", async () => {
    const rootfs = await debianRootfs({ release: "trixie", packages: ["cloud-init"] });
    await using tree = await cloneRootfs(rootfs);
    const root = tree.path;
    mkdirSync(join(root, "etc/kanod-configure"), { recursive: true });
    writeFileSync(join(root, "etc/kanod-configure/configuration.yaml"), configuration, { mode: 0o600 });
    const before = treeState(root);
    const planned = runProgram(join(agent, "kanod-configure"), ["plan", "--root", root, "--format", "json"]);
    expect({ exitCode: planned.exitCode, err: planned.err }).toEqual({ exitCode: 0, err: "" });
    expect(treeState(root)).toEqual(before);
    const { stages } = JSON.parse(planned.out) as { stages: { contributions: { steps: Step[] }[] }[] };
    const steps = stages.flatMap(({ contributions }) => contributions.flatMap((each) => each.steps));

    const run = runProgram(join(agent, "kanod-runcmd"), ["--root", root, "--log-format", "json"]);
    expect(run.exitCode).toBe(0);
    const events = run.out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { argv?: string[]; event?: string });
    const ran = events
      .filter(({ argv, event }) => argv !== undefined && event !== "started")
      .map(({ argv }) => argv?.join(" "));
    const commands = steps.flatMap(({ kind, argv }) => (kind === "run" ? [argv?.join(" ") ?? ""] : []));
    expect(ran.filter((command) => !asksOnly.test(command ?? ""))).toEqual(commands);
    expect(commands.length).toBeGreaterThan(2);

    const announced = new Set(steps.flatMap(({ path }) => (path === undefined ? [] : [path])));
    for (const { kind, path = "", mode, content } of steps) {
      const real = join(root, path);
      if (kind === "remove") expect(existsSync(real)).toBe(false);
      if (mode !== undefined)
        expect([path, (statSync(real).mode & 0o7777).toString(8).padStart(4, "0")]).toEqual([path, mode]);
      const last = steps.findLast((step) => step.path === path);
      if (kind === "write" && content === last?.content) expect(readFileSync(real, "utf8")).toMatch(unmasked(content));
    }
    const after = treeState(root);
    const withoutTime = (state: string | undefined) => state?.replace(/ \S+$/, "");
    const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
      (path) => withoutTime(before.get(path)) !== withoutTime(after.get(path)),
    );
    const isExplained = (path: string): boolean =>
      announced.has(path) ||
      [...announced].some((each) => each.startsWith(`${path}/`)) ||
      ownMarks.test(path) ||
      byCommands.some(([command, paths]) => paths.test(path) && commands.some((each) => command.test(each)));
    expect(changed.filter((path) => !isExplained(path))).toEqual([]);
    expect(changed.length).toBeGreaterThan(8);
  });
});
