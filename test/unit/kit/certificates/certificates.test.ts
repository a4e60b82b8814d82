import { describe, expect, test } from "vitest";
import { type RecordingHost, recordingHost } from "../../../../src/host/recording-host.ts";
import { setupCertificates, trustCertificates } from "../../../../src/kit/certificates/certificates.ts";
import { selfSigned } from "../../../support/self-signed.ts";

const one = selfSigned().cert;
const two = selfSigned().cert;
const debian = "/usr/local/share/ca-certificates";
const redHat = "/etc/pki/ca-trust/source/anchors";
const suse = "/etc/pki/trust/anchors";

function machine(folder: string, files: Record<string, string> = {}): RecordingHost {
  return recordingHost({ files: { [folder]: { directory: true }, ...files } });
}

const commands = (host: RecordingHost): string[] =>
  host.steps.flatMap((step) => (step.kind === "run" ? [step.argv.join(" ")] : []));

describe("trustCertificates", () => {
  test.each([
    [debian, "update-ca-certificates"],
    [redHat, "update-ca-trust extract"],
    [suse, "update-ca-certificates"],
  ])("puts them into %s and has them taken in", async (folder, command) => {
    const host = machine(folder);
    await trustCertificates(host, { certificates: { "my-ca": one }, vault: { ca: two } });
    expect(await host.list(folder)).toEqual(["kanod-cert-my-ca.crt", "kanod-vault-ca.crt"]);
    expect(await host.readFile(`${folder}/kanod-cert-my-ca.crt`)).toBe(one);
    expect((await host.stat(`${folder}/kanod-cert-my-ca.crt`))?.mode).toBe(0o644);
    expect(commands(host)).toEqual([command]);
  });

  test("runs no command when nothing changed", async () => {
    const host = machine(debian);
    const source = { certificates: { a: one } };
    await trustCertificates(host, source);
    const before = host.steps.length;
    await trustCertificates(host, source);
    expect(host.steps).toHaveLength(before);
  });

  test("runs the command again when the last time it did not come to its end", async () => {
    const host = recordingHost({
      files: { [debian]: { directory: true } },
      commands: [{ argv: ["update-ca-certificates"], exitCode: 1, times: 1 }],
    });
    await expect(trustCertificates(host, { certificates: { a: one } })).rejects.toMatchObject({
      code: "command-failed",
    });
    await trustCertificates(host, { certificates: { a: one } });
    expect(commands(host)).toHaveLength(2);
  });

  test("removes what the configuration has no longer, and nothing of others", async () => {
    const others = { [`${debian}/company.crt`]: "x", [`${debian}/kanod-other.crt`]: "x" };
    const host = machine(debian, others);
    await trustCertificates(host, { certificates: { a: one, b: two + one }, vault: { ca: one } });
    expect(await host.list(debian)).toHaveLength(6);
    await trustCertificates(host, { certificates: { b: two } });
    expect(await host.list(debian)).toEqual(["company.crt", "kanod-cert-b.crt", "kanod-other.crt"]);
    await trustCertificates(host, {});
    expect(await host.list(debian)).toEqual(["company.crt", "kanod-other.crt"]);
    expect(commands(host)).toHaveLength(3);
  });

  test("writes one file for each certificate", async () => {
    const host = machine(debian);
    await trustCertificates(host, { certificates: { both: one + two } });
    expect(await host.readFile(`${debian}/kanod-cert-both.crt`)).toBe(one);
    expect(await host.readFile(`${debian}/kanod-cert-both+2.crt`)).toBe(two);
  });

  test("keeps an earlier file whose content is not known yet", async () => {
    const host = machine(debian);
    await trustCertificates(host, { certificates: { a: one, b: two + one } });
    const steps = host.steps.length;
    const isLater = (pem: string): boolean => pem.startsWith("@vault:");
    await trustCertificates(host, { certificates: { a: one, b: "@vault:ca" } }, isLater);
    expect(host.steps).toHaveLength(steps);
  });

  test("says what is missing where a system trusts nobody", async () => {
    const failure = trustCertificates(recordingHost(), { certificates: { a: one } });
    await expect(failure).rejects.toMatchObject({ code: "no-trust-store" });
    await trustCertificates(recordingHost(), {});
  });

  test.each(["../../etc/cron.d/x", ".hidden", "a/b", "", "a b", "a\u0000"])(
    "lets %j not leave the folder",
    async (name) => {
      const host = machine(debian);
      const failure = trustCertificates(host, { certificates: { [name]: one } });
      await expect(failure).rejects.toMatchObject({ code: "bad-certificate-name" });
      expect(host.steps).toEqual([]);
    },
  );
});

test("setupCertificates writes into any folder, as the ancestor's did", async () => {
  const host = recordingHost();
  const conf = { certificates: { a: one.trimEnd() }, vault: { ca: two } };
  expect(await setupCertificates(host, conf, "/etc/app/certs", ".pem")).toBe(true);
  expect(await host.readFile("/etc/app/certs/a.pem")).toBe(one);
  expect(await host.readFile("/etc/app/certs/vault.pem")).toBe(two);
  expect(await setupCertificates(host, conf, "/etc/app/certs", ".pem")).toBe(false);
});
