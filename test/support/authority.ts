import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface KeyPair {
  /** PEM. */
  key: string;
  /** PEM. */
  cert: string;
}

/** A certificate authority for tests, which issues server certificates with openssl(1). */
export class TestAuthority {
  /** The authority's own certificate, PEM. */
  readonly cert: string;
  readonly #key: string;

  constructor(name = "kanod test authority") {
    const { key, cert } = openssl((file) => {
      const subject = ["-subj", `/CN=${name}`, "-days", "2", "-addext", "keyUsage=critical,keyCertSign,cRLSign"];
      return [...selfSignedRequest, ...subject, ...out(file)];
    });
    this.cert = cert;
    this.#key = key;
  }

  /** A certificate for a server, for a day. `names` are as openssl has them: `DNS:localhost`, `IP:127.0.0.1`. */
  issue(...names: string[]): KeyPair {
    return openssl((file, folder) => {
      const [ca, key] = [join(folder, "ca.pem"), join(folder, "ca.key")];
      writeFileSync(ca, this.cert);
      writeFileSync(key, this.#key, { mode: 0o600 });
      const subject = ["-addext", `subjectAltName=${names.join(",")}`, "-subj", "/CN=test server"];
      return [...selfSignedRequest, "-CA", ca, "-CAkey", key, "-days", "1", ...subject, ...out(file)];
    });
  }
}

const selfSignedRequest = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

function out(file: (name: string) => string): string[] {
  return ["-keyout", file("key"), "-out", file("cert")];
}

function openssl(args: (file: (name: string) => string, folder: string) => readonly string[]): KeyPair {
  const folder = mkdtempSync(join(tmpdir(), "kanod-authority-"));
  const file = (name: string): string => join(folder, `${name}.pem`);
  try {
    execFileSync("openssl", args(file, folder), { stdio: ["ignore", "ignore", "pipe"] });
    return { key: readFileSync(file("key"), "utf8"), cert: readFileSync(file("cert"), "utf8") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
