import { describe, expect, test } from "vitest";
import { HostError } from "../../../src/host/errors.ts";
import type { FetchOptions, FetchResponse, Host } from "../../../src/host/host.ts";
import { recordingHost } from "../../../src/host/recording-host.ts";
import { VaultError } from "../../../src/kit/references/errors.ts";
import { memoryLog } from "../../../test/support/contributions.ts";
import { Deadline } from "../kanod/vault/retry.ts";
import { PlannedRequest, sendPatiently } from "../kanod/vault/transport.ts";

type Answer = FetchResponse | HostError;

/** A host whose server gives these answers, the last one for ever, and that pretends to wait. */
function hostOf(...answers: Answer[]): { host: Host; requests: FetchOptions[]; pauses: number[] } {
  const requests: FetchOptions[] = [];
  const pauses: number[] = [];
  const host: Host = Object.assign(recordingHost(), {
    fetch: async (_url: string, options: FetchOptions = {}) => {
      requests.push(options);
      const answer = answers[Math.min(requests.length, answers.length) - 1];
      if (answer instanceof HostError) throw answer;
      return answer ?? status(200);
    },
    sleep: async (seconds: number) => void pauses.push(seconds),
  });
  return { host, requests, pauses };
}

function status(code: number, body = "", headers: Record<string, string> = {}): FetchResponse {
  return { status: code, headers, body };
}

function failed(code: string, reason = "because"): HostError {
  const cause = Object.assign(new Error(reason), { code });
  return new HostError("fetch-failed", "https://v/x", `cannot fetch https://v/x: ${reason}`, { cause });
}

const sealed = status(503, '{"errors":["Vault is sealed"]}');

async function send(host: Host, timeout = 300): Promise<FetchResponse> {
  const { log } = memoryLog();
  return sendPatiently({ name: "Vault" }, "https://v/x", {}, { host, log, deadline: new Deadline(timeout) });
}

async function failureOf(sending: Promise<unknown>): Promise<VaultError> {
  const error = await sending.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(VaultError);
  return error as VaultError;
}

describe("sendPatiently", () => {
  test.each([
    ["429", status(429)],
    ["500", status(500)],
    ["502", status(502, "<html>")],
    ["sealed", sealed],
    ["refused connection", failed("ECONNREFUSED")],
    ["cut connection", failed("ECONNRESET")],
    ["unknown name", failed("ENOTFOUND")],
    ["garbage", failed("HPE_INVALID_CONSTANT")],
    ["timeout", new HostError("fetch-timeout", "https://v/x", "cannot fetch https://v/x: no answer within 30 s")],
  ])("asks again after %s", async (_name, obstacle) => {
    const { host, requests, pauses } = hostOf(obstacle, obstacle, obstacle, status(200, "done"));
    expect((await send(host)).body).toBe("done");
    expect(requests).toHaveLength(4);
    expect(pauses).toHaveLength(3);
  });

  test.each([200, 204, 400, 403, 404, 405, 412])("takes status %i for the answer", async (code) => {
    const { host, requests } = hostOf(status(code));
    expect((await send(host)).status).toBe(code);
    expect(requests).toHaveLength(1);
  });

  test.each([
    ["vault-sealed", sealed],
    ["vault-unavailable", status(500)],
    ["vault-unavailable", status(429)],
    ["vault-unreachable", failed("ECONNREFUSED")],
    ["vault-timeout", new HostError("fetch-timeout", "https://v/x", "cannot fetch https://v/x: no answer within 30 s")],
  ])("gives up with %s when the time is over", async (code, obstacle) => {
    const { host, requests, pauses } = hostOf(obstacle);
    const failure = await failureOf(send(host, 120));
    expect(failure.code).toBe(code);
    expect(requests.length).toBeGreaterThan(4);
    expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeLessThan(120);
  });

  test.each([
    ["vault-redirected", status(307, "", { location: "https://evil.example.com/" })],
    ["vault-redirected", status(301)],
    ["vault-tls", failed("ERR_TLS_CERT_ALTNAME_INVALID", "Hostname/IP does not match certificate's altnames")],
    ["vault-tls", failed("SELF_SIGNED_CERT_IN_CHAIN")],
    ["vault-tls", failed("DEPTH_ZERO_SELF_SIGNED_CERT")],
    ["vault-tls", failed("UNABLE_TO_VERIFY_LEAF_SIGNATURE")],
    ["vault-tls", failed("CERT_HAS_EXPIRED")],
    ["vault-answer-invalid", new HostError("fetch-failed", "https://v/x", "cannot fetch: the answer is over 10 bytes")],
  ])("refuses at once with %s", async (code, answer) => {
    const { host, requests } = hostOf(answer);
    expect((await failureOf(send(host))).code).toBe(code);
    expect(requests).toHaveLength(1);
  });

  test("waits as long as the server asks for", async () => {
    const { host, pauses } = hostOf(status(429, "", { "retry-after": "7" }), status(200));
    await send(host);
    expect(pauses).toEqual([7]);
  });

  test("bounds time and size of every answer", async () => {
    const { host, requests } = hostOf(status(200));
    await send(host, 5);
    expect(requests[0]?.timeout).toBeLessThanOrEqual(5);
    expect(requests[0]?.maxBytes).toBe(1024 * 1024);
  });

  test("waits longer for each later answer", async () => {
    const { host, requests } = hostOf(new HostError("fetch-timeout", "https://v/x", "no answer"));
    await failureOf(send(host, 1000));
    const timeouts = requests.map(({ timeout = 0 }) => Math.round(timeout));
    expect(timeouts.slice(0, 5)).toEqual([30, 60, 90, 90, 90]);
  });

  test("passes an interruption on as it is", async () => {
    const { host } = hostOf(new HostError("interrupted", "https://v/x", "the run was interrupted"));
    await expect(send(host)).rejects.toMatchObject({ code: "interrupted" });
  });

  test("takes nothing for an answer in a plan", async () => {
    await expect(send(recordingHost())).rejects.toBeInstanceOf(PlannedRequest);
  });
});
