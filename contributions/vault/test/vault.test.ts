import { type ContributionRun, type ContributionTest, runContribution } from "kanod-configure/testing";
import { describe, expect, test } from "vitest";
import "../kanod/vault.ts";
import { readmeExamples } from "../../../test/support/readme.ts";
import { selfSigned } from "../../../test/support/self-signed.ts";

const url = "https://vault.example.com:8200";
const json = { "content-type": "application/json; charset=utf-8" };
const answer = (path: string, data: object, method = "GET") => {
  return { url: `${url}/v1/${path}`, method, headers: json, body: JSON.stringify(data) };
};
const login = answer("auth/approle/login", { auth: { client_token: "hvs.the-token" } }, "POST");
const revoke = { url: `${url}/v1/auth/token/revoke-self`, method: "POST", status: 204 };
const secret = answer("kv/data/node-1/admin", { data: { data: { hash: "$6$salt$hash" } } });

const vault = { url, role: "node-1", role_id: "the-role-id", secret_id: "the-secret-id" };
const conf = { name: "n", vault, admin: { passwd: "@vault:kv2:admin:hash" } };

function runVault(given: Partial<ContributionTest> = {}, name = "Vault"): Promise<ContributionRun> {
  return runContribution(name, { conf, responses: [login, secret, revoke], ...given } as ContributionTest);
}

const requests = (run: ContributionRun): string[] =>
  run.steps.flatMap((step) => (step.kind === "fetch" ? [`${step.method} ${step.url.replace(`${url}/v1/`, "")}`] : []));

describe("Vault", () => {
  test("does nothing without its section", async () => {
    expect(await runVault({ conf: { name: "n" } as never })).toMatchObject({ state: "done", steps: [] });
  });

  test("gives later contributions what stands behind the references, and revokes its token", async () => {
    const run = await runVault();
    expect(run.error).toBeUndefined();
    expect(run.provided.conf).toEqual({ ...conf, admin: { passwd: "$6$salt$hash" } });
    expect(requests(run)).toEqual([
      "POST auth/approle/login",
      "GET kv/data/node-1/admin",
      "POST auth/token/revoke-self",
    ]);
  });

  test("leaves neither token nor secret in what it says and does", async () => {
    const run = await runVault();
    expect(JSON.stringify([run.steps, run.log, run.files])).not.toMatch(/hvs\.the-token|the-secret-id|\$6\$salt/);
  });

  test("revokes its token also when a reference cannot be resolved, and gives nothing", async () => {
    const denied = { ...answer("kv/data/node-1/admin", { errors: ["permission denied"] }), status: 403 };
    const run = await runVault({ responses: [login, denied, revoke] });
    expect(run.state).toBe("failed");
    expect(run.error).toMatchObject({
      code: "vault-references",
      findings: [{ pointer: "/admin/passwd", code: "vault-denied" }],
    });
    expect(run.provided).toEqual({});
    expect(requests(run).at(-1)).toBe("POST auth/token/revoke-self");
  });

  test("asks nobody in a plan, and says what would stand there", async () => {
    const run = await runVault({ responses: [] });
    expect(run.state).toBe("done");
    expect(run.provided.conf).toEqual({ ...conf, admin: { passwd: "(kv2:admin:hash from Vault)" } });
    expect(requests(run)).toEqual(["POST auth/approle/login"]);
  });
});

describe("Certificates from Vault", () => {
  const folder = "/usr/local/share/ca-certificates";
  const files = { [folder]: { directory: true as const } };
  const client = {
    read: async () => ({}),
    issue: async () => ({ certificate: "", privateKey: "", caChain: [] }),
    resolve: async <T>(value: T) => value,
  };

  test("are trusted right after Vault", async () => {
    const pem = selfSigned().cert;
    const resolved = { name: "n", certificates: { company: pem } };
    const run = await runVault({ conf: resolved as never, files, vault: client }, "Certificates from Vault");
    expect(run.files[`${folder}/kanod-cert-company.crt`]).toBe(pem);
  });

  test.each(["no certificate", selfSigned().key])("are looked at before they are written", async (text) => {
    const resolved = { name: "n", certificates: { company: text } };
    const run = await runVault({ conf: resolved as never, files, vault: client }, "Certificates from Vault");
    expect(run.state).toBe("failed");
    expect(run.files).toEqual({});
  });
});

describe("Clean up", () => {
  const configuration = "/etc/kanod-configure/configuration.yaml";
  const userData = "/var/lib/cloud/instances/i-1/user-data.txt";
  const files = { [configuration]: "name: n\n", [userData]: "#cloud-config\n" };
  const removed = (run: ContributionRun): string[] =>
    run.steps.flatMap((step) => (step.kind === "remove" ? [step.path] : []));

  test.each([
    ["nothing by default", {}, []],
    ["the configuration", { configuration: true }, [configuration]],
    ["the user-data", { user_data: true }, [userData]],
    ["both", { configuration: true, user_data: true }, [configuration, userData]],
  ])("removes %s", async (_name, cleanup, expected) => {
    const run = await runVault({ conf: { name: "n", cleanup } as never, files }, "Clean up");
    expect(removed(run)).toEqual(expected);
  });
});

describe("the README's examples", () => {
  interface Example {
    vault: { url: string };
    certificates: Record<string, string>;
    cleanup: { configuration: boolean; user_data: boolean };
  }
  const [wrapped, tpm, cleanup] = readmeExamples<Example>(new URL("../", import.meta.url)) as [
    Example,
    Example,
    Example,
  ];
  const { cert, key } = selfSigned();
  const authorities = {
    url: `${url}/v1/pki/ca_chain`,
    headers: { "content-type": "application/pkix-cert" },
    body: cert,
  };

  test("of a wrapped secret-id runs", async () => {
    const unwrapped = answer("sys/wrapping/unwrap", { data: { secret_id: "the-secret-id" } }, "POST");
    const run = await runVault({ conf: wrapped as never, responses: [unwrapped, login, secret, authorities, revoke] });
    expect(run.error).toBeUndefined();
    expect(run.provided.conf).toEqual({
      ...wrapped,
      admin: { username: "ops", passwd: "$6$salt$hash" },
      certificates: { "company-root": cert },
    });
  });

  test("of a TPM and certificates runs", async () => {
    const gatekeeper = "https://gatekeeper.example.com:8443";
    const challenge = { "key.pub": "cHVi", "key.priv": "cHJpdg==", nonce: "1" };
    const data = { certificate: cert, private_key: key, ca_chain: [cert] };
    const run = await runVault({
      conf: tpm as never,
      commands: [
        { argv: ([program = ""]) => program.startsWith("tpm2_") },
        { argv: ["base64"], prefix: true, stdout: "c2lnbmF0dXJl" },
      ],
      responses: [
        { url: `${gatekeeper}/challenge?name=node-1`, body: JSON.stringify(challenge) },
        { url: `${gatekeeper}/secret_id?name=node-1&signature=c2lnbmF0dXJl`, body: '{"data":"the-secret-id"}' },
        ...[login, answer("pki/issue/web-server", { data }, "POST"), authorities, revoke],
      ],
    });
    expect(run.error).toBeUndefined();
    expect(run.provided.conf).toEqual({ ...tpm, certificates: { "company-root": cert, issuing: cert } });
    const programs = run.steps.flatMap((step) => (step.kind === "run" ? [step.argv[0]] : []));
    expect(programs).toEqual(expect.arrayContaining(["tpm2_createprimary", "tpm2_load", "tpm2_sign"]));
  });

  test("of cleaning up runs", async () => {
    const files = { "/etc/kanod-configure/configuration.yaml": "name: n\n" };
    const run = await runVault({ conf: cleanup as never, files }, "Clean up");
    expect(run.steps).toContainEqual({ kind: "remove", path: "/etc/kanod-configure/configuration.yaml" });
  });
});
