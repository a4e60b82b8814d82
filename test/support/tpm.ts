import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A TPM 2.0 in software (swtpm(8)), which tpm2-tools reach through the environment {@link SoftwareTpm.environment}. */
export interface SoftwareTpm extends AsyncDisposable {
  readonly environment: Readonly<Record<string, string>>;
  /** Runs a program of tpm2-tools against this TPM. */
  run(argv: readonly [string, ...string[]]): void;
  /** Stops it in the middle of what it does, until the result is disposed of. */
  pause(): Disposable;
}

/** A key of a TPM as a gatekeeper keeps it. */
export interface EnrolledKey {
  /** In TPM's own format, of use to the TPM that made it alone. */
  pub: Buffer;
  priv: Buffer;
  /** PEM, to check signatures with. */
  publicKey: string;
}

/** Why there can be no TPM here, or undefined where there can. */
export function tpmObstacle(): string | undefined {
  const missing = ["swtpm", "swtpm_setup", "tpm2_sign"].find((tool) => !existsSync(`/usr/bin/${tool}`));
  return missing === undefined ? undefined : `needs ${missing}`;
}

export async function startTpm(): Promise<SoftwareTpm> {
  const folder = await mkdtemp(join(tmpdir(), "kanod-tpm-"));
  execFileSync("swtpm_setup", ["--tpm2", "--tpmstate", folder, "--createek"], { stdio: "pipe" });
  const port = await freePortPair();
  const sockets = ["--server", `type=tcp,port=${port}`, "--ctrl", `type=tcp,port=${port + 1}`];
  const state = ["--tpm2", "--tpmstate", `dir=${folder}`, "--flags", "not-need-init,startup-clear"];
  const child = spawn("swtpm", ["socket", ...state, ...sockets], { stdio: "ignore" });
  const environment = { TPM2TOOLS_TCTI: `swtpm:host=127.0.0.1,port=${port}` };
  for (let attempt = 0; !(await answers(port)); attempt++) {
    if (attempt > 200 || child.exitCode !== null) throw new Error("swtpm did not start");
    await sleep(25);
  }
  return {
    environment,
    run: ([file, ...args]) => {
      execFileSync(file, args, { env: { ...process.env, ...environment }, stdio: "pipe" });
    },
    pause: () => {
      child.kill("SIGSTOP");
      return { [Symbol.dispose]: () => void child.kill("SIGCONT") };
    },
    [Symbol.asyncDispose]: async () => {
      const ended = new Promise((resolve) => child.once("close", resolve));
      if (child.exitCode === null && child.kill("SIGKILL")) await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Makes a signing key in the TPM, below the primary key that the agent makes anew. */
export async function enroll(tpm: SoftwareTpm): Promise<EnrolledKey> {
  const folder = await mkdtemp(join(tmpdir(), "kanod-enroll-"));
  const path = (name: string): string => join(folder, name);
  try {
    const attributes = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign";
    tpm.run(["tpm2_createprimary", "-Q", "-G", "rsa", "-c", path("primary")]);
    tpm.run(["tpm2_flushcontext", "-t"]);
    const key = ["-u", path("pub"), "-r", path("priv")];
    tpm.run(["tpm2_create", "-Q", "-C", path("primary"), "-G", "rsa", "-a", attributes, ...key]);
    tpm.run(["tpm2_flushcontext", "-t"]);
    tpm.run(["tpm2_load", "-Q", "-C", path("primary"), ...key, "-c", path("key")]);
    tpm.run(["tpm2_readpublic", "-Q", "-c", path("key"), "-f", "pem", "-o", path("pem")]);
    tpm.run(["tpm2_flushcontext", "-t"]);
    return {
      pub: await readFile(path("pub")),
      priv: await readFile(path("priv")),
      publicKey: await readFile(path("pem"), "utf8"),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** tpm2-tools expect the control channel on the port behind the other. */
async function freePortPair(): Promise<number> {
  for (let port = 20_000 + (process.pid % 20_000); ; port += 2) {
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Looks at the control channel: a connection to the other one would be taken for a client's. */
async function answers(port: number): Promise<boolean> {
  const socket = connect(port + 1, "127.0.0.1");
  return new Promise((resolve) => {
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
