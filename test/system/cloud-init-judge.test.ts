/**
 * cloud-init as the judge of what `validate` understood. A fixed budget runs everywhere; `KANOD_JUDGE_RUNS=20000` takes
 * longer, `KANOD_CLOUD_INIT=DIR` asks the sources in a folder instead of the installed ones.
 */
import { expect, test } from "vitest";
import { createCheckers, knownKeysOf, rulesOfImage } from "../../src/cli/checkers.ts";
import { checkFile } from "../../src/user-data/read/check.ts";
import { inspectFile } from "../../src/user-data/read/inspect.ts";
import { readAsPyYaml } from "../../src/user-data/read/pyyaml/read.ts";
import { Timestamp } from "../../src/user-data/read/pyyaml/values.ts";
import { judgeUserData, judgeYaml, missingJudge, type UserDataVerdict } from "../support/cloud-init-judge.ts";
import { testImage } from "../support/image.ts";
import { mistakes } from "../support/mistakes.ts";
import { describeWith } from "../support/requirements.ts";
import { deliveries } from "../support/user-data-forms.ts";

const rules = await rulesOfImage(testImage({ properties: { mtu: { type: "integer" } }, boot: {} }));
const checkers = createCheckers(rules);

const runs = Number(process.env["KANOD_JUDGE_RUNS"] ?? 1500);

const good = String.raw`#cloud-config
# a comment
hostname: node-7
users:
  - default
  - name: ops
    groups: [adm, "sudo", wheel]
    ssh_authorized_keys:
    - ssh-ed25519 AAAAC3Nza ops@example
    lock_passwd: no
    expiredate: 2027-03-04
write_files:
  - path: /etc/kanod-configure/configuration.yaml
    owner: root:root
    permissions: "0600"
    content: |
      name: node-7
      admin: {username: ops}
  - {path: /etc/motd, content: 'it''s me', append: yes, n: 0644}
  - path: &p /etc/x
    content: >-
      folded text
      goes on

        more
    defer: true
  - <<: {a: b, c: [1, 2.5, ~]}
    q: "a \u00e9 \n b
      c"
    r: *p
? complex
: value
bootcmd:
  - |
    kanod-bootcmd <<'EOF'
    {}
    EOF
runcmd:
  - [sh, -c, "echo hi"]
  - kanod-runcmd --log-level debug
`;

/** Keys that are text to both: we keep the others as they are written, Python by their value. */
const isText = /^(?!(?:true|false|yes|no|on|off|null|none)$)[a-z][\w-]*$/i;

/** A value of ours, or of the judge, in one form. */
function comparable(value: unknown): unknown {
  if (value instanceof Timestamp) return { date: true };
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key]) => isText.test(key))
    .map(([key, item]): [string, unknown] => [key, comparable(item)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

describeWith(missingJudge())("cloud-init", () => {
  test(`reads the YAML of ${runs} texts with mistakes as we do`, { timeout: 60_000 + runs * 50 }, () => {
    const texts = [good, ...mistakes(good, runs)];
    const verdicts = judgeYaml(texts);
    const differences = texts.flatMap((text, index) => {
      const { refused, value, reason } = verdicts[index] ?? { refused: true };
      const document = readAsPyYaml(text, "f");
      const isRefused = document.problems.some(({ severity }) => severity === "error");
      if (isRefused !== refused)
        return [{ text, judge: refused ? `refuses: ${reason}` : "reads", ours: document.problems }];
      const isSame = refused || JSON.stringify(comparable(value)) === JSON.stringify(comparable(document.value));
      return isSame ? [] : [{ text, judge: value, ours: document.value }];
    });
    expect(differences.slice(0, 3)).toEqual([]);
    expect(verdicts.filter(({ refused }) => refused).length).toBeGreaterThan(runs / 10);
    expect(verdicts.filter(({ refused }) => !refused).length).toBeGreaterThan(runs / 10);
  });

  /** Whether the machine gets its configuration, unchanged, and calls the program. */
  function isDelivered({ files = {}, runcmd }: UserDataVerdict): boolean {
    const file = files["/etc/kanod-configure/configuration.yaml"];
    const content = Buffer.from(file?.content ?? "", "base64").toString();
    return /^name: node1$/m.test(content) && /^'?kanod-runcmd/m.test(runcmd ?? "");
  }

  const instance = { v1: { local_hostname: "node1", region: "r" }, ds: { meta_data: { name: "node1" } } };

  test("delivers what we call valid, and loses what we call wrong", { timeout: 120_000 }, () => {
    const texts = deliveries.map(({ text }) => text);
    const verdicts = judgeUserData(texts, instance);
    const differences = deliveries.flatMap(({ name, text }, index) => {
      const options = { known: knownKeysOf(rules), name: "user-data", otherwise: undefined };
      const { problems } = checkFile(inspectFile(Buffer.from(text), "user-data", options), checkers);
      const isGood = !problems.some(({ severity, code }) => severity === "error" || code === "missing-runcmd");
      const delivered = isDelivered(verdicts[index] ?? { config: null });
      return isGood === delivered
        ? []
        : [{ name, delivered, ours: problems.map(({ code, message }) => `${code}: ${message}`) }];
    });
    expect(differences).toEqual([]);
    expect(verdicts.filter(isDelivered).length).toBeGreaterThan(10);
    expect(verdicts.filter((verdict) => !isDelivered(verdict)).length).toBeGreaterThan(10);
  });

  test("loses no user-data with mistakes that we call valid", { timeout: 60_000 + runs * 50 }, () => {
    const originals = deliveries.filter(({ isGood }) => isGood);
    const texts = originals.flatMap(({ text }, index) => mistakes(text, Math.ceil(runs / 2 / originals.length), index));
    const verdicts = judgeUserData(texts, instance);
    const misses = texts.filter((text, index) => {
      const options = { known: knownKeysOf(rules), name: "user-data", otherwise: "configuration" as const };
      const { problems, documents } = checkFile(inspectFile(Buffer.from(text), "user-data", options), checkers);
      const isQuiet =
        !problems.some(({ severity }) => severity !== "note") &&
        problems.every(({ code }) => code !== "missing-configuration");
      return (
        isQuiet &&
        documents.some(({ kind }) => kind === "configuration") &&
        !isDelivered(verdicts[index] ?? { config: null })
      );
    });
    expect(misses.filter((text) => /name: node1/.test(text)).slice(0, 3)).toEqual([]);
  });
});
