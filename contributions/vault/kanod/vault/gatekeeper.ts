import { createHash } from "node:crypto";
import type { CommandOptions, Host } from "kanod-configure";
import { CommandError, VaultError } from "kanod-configure";
import { printableLine } from "./printable-line.ts";
import type { VaultSettings } from "./settings.ts";
import { type RequestContext, type Server, sendPatiently } from "./transport.ts";

/** In memory (tmpfs), for root alone. One run at a time uses it: the agent holds its lock. */
export const tpmFolder = "/run/kanod-configure/tpm";

/** In seconds; a discrete TPM needs several for an RSA primary key. */
const tpmTimeout = 120;

/** What the gatekeeper wants signed, and the key to do it with, as the TPM gave it away: only that TPM can load it. */
interface Challenge {
  "key.pub": Uint8Array;
  "key.priv": Uint8Array;
  nonce: string;
}

/**
 * The secret-id that the gatekeeper gives for a signature of this machine's TPM: challenge, signature, secret-id.
 *
 * @param name of the machine, under which the gatekeeper knows its key
 * @throws VaultError `vault-gatekeeper` or `vault-tpm`
 */
export async function secretIdByTpm(settings: VaultSettings, name: string, context: RequestContext): Promise<string> {
  const url = settings.tpm_auth ?? "";
  const server: Server = { name: "the gatekeeper", ca: settings.tpm_auth_ca, proxy: settings.proxyFor?.(url) };
  const challenge = await fetchChallenge(server, url, name, context);
  const signature = await signByTpm(context.host, challenge);
  const query = new URLSearchParams({ name, signature });
  const answer = await ask(server, `${withoutSlash(url)}/secret_id?${query}`, "the signature", context);
  const secretId = text(answer, "data");
  if (secretId === undefined || secretId === "") {
    throw new VaultError("vault-gatekeeper", "the gatekeeper's answer holds no secret-id");
  }
  context.log.addSecret(secretId);
  return secretId;
}

/** Removes what a run that was killed may have left. */
export async function removeTpmFiles(host: Host): Promise<void> {
  await host.remove(tpmFolder);
}

async function fetchChallenge(server: Server, url: string, name: string, context: RequestContext): Promise<Challenge> {
  const query = new URLSearchParams({ name });
  const answer = await ask(server, `${withoutSlash(url)}/challenge?${query}`, "the machine", context);
  const nonce = text(answer, "nonce");
  if (nonce === undefined || nonce === "") throw incomplete("nonce");
  return { "key.pub": binary(answer, "key.pub"), "key.priv": binary(answer, "key.priv"), nonce };
}

async function ask(server: Server, url: string, what: string, context: RequestContext): Promise<unknown> {
  const response = await sendPatiently(server, url, {}, context);
  if (response.status !== 200) {
    const message = `the gatekeeper refuses ${what}: status ${response.status}`;
    const hint = "is the machine enrolled under this name, with the TPM that it has now?";
    throw new VaultError("vault-gatekeeper", message, { hint });
  }
  try {
    return JSON.parse(response.body);
  } catch {
    throw new VaultError("vault-gatekeeper", "the gatekeeper's answer is not JSON");
  }
}

function text(answer: unknown, name: string): string | undefined {
  if (typeof answer !== "object" || answer === null || !Object.hasOwn(answer, name)) return undefined;
  const value = (answer as Record<string, unknown>)[name];
  return typeof value === "string" ? value : undefined;
}

function binary(answer: unknown, name: string): Uint8Array {
  const encoded = text(answer, name);
  if (encoded === undefined || !/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(encoded)) throw incomplete(name);
  return Buffer.from(encoded, "base64");
}

function incomplete(name: string): VaultError {
  return new VaultError("vault-gatekeeper", `the gatekeeper's challenge lacks ${name}`);
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

/**
 * The signature (base64, "plain": r and s, or RSA's number) of the SHA-256 of the nonce. The primary key is made anew
 * from the TPM's seed, always the same (TPM 2.0 Library, part 1, "Primary Seeds"); the given key is loaded below it.
 */
async function signByTpm(host: Host, challenge: Challenge): Promise<string> {
  const path = (name: string): string => `${tpmFolder}/${name}`;
  await removeTpmFiles(host);
  try {
    await host.makeDirectory(tpmFolder, { mode: 0o700 });
    await host.writeFile(path("key.pub"), challenge["key.pub"], { secret: true });
    await host.writeFile(path("key.priv"), challenge["key.priv"], { secret: true });
    await host.writeFile(path("digest"), createHash("sha256").update(challenge.nonce, "utf8").digest(), {
      secret: true,
    });
    await tpm(host, ["tpm2_createprimary", "-Q", "-G", "rsa", "-c", path("primary.ctxt")]);
    await tpm(host, ["tpm2_flushcontext", "-t"]);
    const key = ["-u", path("key.pub"), "-r", path("key.priv"), "-c", path("key.ctxt")];
    await tpm(host, ["tpm2_load", "-Q", "-C", path("primary.ctxt"), ...key]);
    await tpm(host, ["tpm2_flushcontext", "-t"]);
    const output = ["-f", "plain", "-o", path("signature")];
    await tpm(host, ["tpm2_sign", "-Q", "-c", path("key.ctxt"), "-g", "sha256", "-d", ...output, path("digest")]);
    await tpm(host, ["tpm2_flushcontext", "-t"]);
    return (await tpm(host, ["base64", "-w", "0", path("signature")], { secret: true })).trim();
  } finally {
    await removeTpmFiles(host);
  }
}

async function tpm(host: Host, argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const [command = ""] = argv;
  const why = "prove to the gatekeeper which machine this is";
  const hint = "has the machine the TPM that it was enrolled with, and is tpm2-tools installed?";
  try {
    const result = await host.run(argv, { timeout: tpmTimeout, why, ...options });
    if (!result.skipped) return result.stdout;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const reason = error.stderr.trim().split("\n").at(-1) || error.message;
    throw new VaultError("vault-tpm", `${command} failed: ${printableLine(reason)}`, { hint });
  }
  throw new VaultError("vault-tpm", `${command} was not run: on a target tree there is no TPM`);
}
