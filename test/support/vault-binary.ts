import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

const version = "1.21.2";

const main = `package main

import (
	"os"

	"github.com/hashicorp/vault/command"
)

func main() { os.Exit(command.Run(os.Args[1:])) }
`;

/** Other versions of these modules do not compile together with Vault ${version}; two repositories have moved. */
const modules = `module vaulttest
go 1.25
require github.com/hashicorp/vault v${version}
replace github.com/hashicorp/vault/sdk => github.com/hashicorp/vault/sdk v0.20.0
replace github.com/hashicorp/vault/api => github.com/hashicorp/vault/api v1.22.0
replace github.com/99designs/keyring => github.com/Jeffail/keyring v1.2.3
replace github.com/ma314smith/signedxml v1.1.1 => github.com/moov-io/signedxml v1.1.1
`;

/** Why there can be no Vault server here, or undefined where there can. */
export function vaultObstacle(): string | undefined {
  if (installed("vault", "bao") !== undefined || existsSync(cachedBinary())) return undefined;
  return installed("go") === undefined || installed("flock") === undefined
    ? "needs vault or bao, or go to build it"
    : undefined;
}

/**
 * A Vault server's program: `vault` or `bao` from PATH, else Vault ${version} built from the Go module proxy. The build
 * takes five minutes on two cores, and is kept below `\${XDG_CACHE_HOME:-~/.cache}/kanod-configure-test`.
 */
export async function vaultBinary(): Promise<string> {
  const own = installed("vault", "bao");
  if (own !== undefined) return own;
  const binary = cachedBinary();
  if (existsSync(binary)) return binary;
  const folder = `${binary}-build`;
  await mkdir(folder, { recursive: true });
  const script = 'test -x "$1" || go build -mod=mod -tags minimal -trimpath -ldflags "-s -w" -o vault . && true';
  await writeFile(join(folder, "main.go"), main);
  await writeFile(join(folder, "go.mod"), modules);
  await run("flock", [`${folder}.lock`, "sh", "-c", script, "sh", binary], folder);
  if (!existsSync(binary)) await rename(join(folder, "vault"), binary);
  await rm(folder, { recursive: true, force: true });
  return binary;
}

function cachedBinary(): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return join(cache, "kanod-configure-test", `vault-${version}`);
}

function installed(...names: string[]): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

async function run(file: string, args: readonly string[], folder: string): Promise<void> {
  const child = spawn(file, args, { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`the build of Vault failed with exit code ${code}`);
}
