import { type ContributionRun, type ContributionTest, runContribution } from "kanod-configure/testing";
import { expect, test } from "vitest";
import "../kanod/proxy-certificates.ts";
import { findings } from "../../../src/agent/configuration.ts";
import { registered } from "../../../src/agent/registry.ts";
import { readmeExamples } from "../../../test/support/readme.ts";
import { selfSigned } from "../../../test/support/self-signed.ts";

const pem = selfSigned().cert;
const folder = "/usr/local/share/ca-certificates";
const debian = {
  [folder]: { directory: true as const },
  "/etc/os-release": 'ID=debian\nVERSION_ID="13"\nPRETTY_NAME="Debian"\n',
};

function runBase(conf: object, given: Partial<ContributionTest> = {}): Promise<ContributionRun> {
  return runContribution("Proxy and certificates", { conf: { name: "n", ...conf }, files: debian, ...given });
}

test("without its sections it changes nothing but the environment of commands", async () => {
  const run = await runBase({});
  expect(run.state).toBe("done");
  expect(run.steps).toEqual([{ kind: "environment", name: "HOME", value: "/root" }]);
});

test("sets up proxy and certificates", async () => {
  const conf = { proxy: { http: "http://proxy.example.com:3128" }, certificates: { company: pem }, vault: { ca: pem } };
  const run = await runBase(conf, { system: { no_proxy: ".svc,.local" } });
  expect(run.error).toBeUndefined();
  expect(run.files["/etc/environment"]).toContain('no_proxy="localhost,127.0.0.1,::1,.svc,.local"');
  expect(run.files["/etc/apt/apt.conf.d/50kanod-configure-proxy"]).toContain("http://proxy.example.com:3128");
  expect(run.files[`${folder}/kanod-cert-company.crt`]).toBe(pem);
  expect(run.files[`${folder}/kanod-vault-ca.crt`]).toBe(pem);
  const commands = run.steps.flatMap((step) => (step.kind === "run" ? [step.argv] : []));
  expect(commands).toEqual([["update-ca-certificates"]]);
});

test("leaves a certificate that Vault has for later", async () => {
  const run = await runBase({ certificates: { company: "@vault:ca" }, vault: { url: "https://v" } });
  expect(run.state).toBe("done");
  expect(Object.keys(run.files)).toEqual([]);
});

test("finds before the run what the schema cannot see", () => {
  const certificates = { good: pem, bad: "no PEM", later: "@vault:ca" };
  const found = findings({ conf: { name: "n", certificates } as never, system: {} }, registered("run"));
  expect(found.map(({ pointer, code }) => [pointer, code])).toEqual([
    ["/certificates/bad", "bad-certificate"],
    ["/certificates/later", "vault-section-missing"],
  ]);
});

test("the README's example runs", async () => {
  interface Example {
    proxy: { http: string };
    certificates: Record<string, string>;
  }
  for (const conf of readmeExamples<Example>(new URL("../", import.meta.url))) {
    const { state, files } = await runBase(conf);
    expect(state).toBe("done");
    expect(files["/etc/environment"]).toContain(`http_proxy="${conf.proxy.http}"`);
    for (const [name, pem] of Object.entries(conf.certificates)) {
      expect(files[`${folder}/kanod-cert-${name}.crt`]).toBe(pem);
    }
  }
});
