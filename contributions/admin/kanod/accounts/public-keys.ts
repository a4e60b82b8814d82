import { splitMarkedBlock, withMarkedBlock } from "kanod-configure";

/**
 * What is wrong with a line for authorized_keys, or undefined. Its form is that of sshd(8): options, type, base64 of the
 * key, comment. The key itself repeats its type (RFC 4253, section 6.6), so that a truncated or mangled one is noticed.
 */
export function publicKeyFault(line: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(line)) return "holds a line feed or another control character";
  if (/^\s*(-----BEGIN|PuTTY)/.test(line)) return "is a private key, or one that is not in OpenSSH's form";
  if (Buffer.byteLength(line) > 8192) return "is longer than the 8 KiB that sshd reads";
  const key = withoutOptions(line.trim());
  const [type = "", encoded = ""] = key.split(/[ \t]+/);
  if (!keyTypes.has(type)) return "does not begin with a key type of OpenSSH, such as ssh-ed25519";
  return isKeyOfType(encoded, type) ? undefined : `is no ${type} key: its base64 part is damaged`;
}

/** sshd(8), AUTHORIZED_KEYS FILE FORMAT; DSA is gone since OpenSSH 10. */
const keyTypes: ReadonlySet<string> = new Set([
  "ssh-ed25519",
  "ssh-rsa",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
]);

/** Options come first, separated by commas; spaces stand only within their double quotes. */
function withoutOptions(line: string): string {
  if (keyTypes.has(line.split(/[ \t]/)[0] ?? "")) return line;
  const options = /^(?:[^\s"]|"(?:\\"|[^"])*")+[ \t]+/.exec(line)?.[0] ?? "";
  return line.slice(options.length);
}

/** The decoded key is a sequence of strings with their length in front, the first of which is the type. */
function isKeyOfType(encoded: string, type: string): boolean {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return false;
  const bytes = Buffer.from(encoded, "base64");
  const fields: Buffer[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    if (offset + 4 > bytes.length) return false;
    const end = offset + 4 + bytes.readUInt32BE(offset);
    if (end > bytes.length) return false;
    fields.push(bytes.subarray(offset + 4, end));
    offset = end;
  }
  return fields.length >= 2 && fields[0]?.toString("latin1") === type;
}

/**
 * The text of an authorized_keys file with our keys in a marked block at its end: those of an earlier run that are no
 * longer wanted are removed, keys of others stay. A key that is elsewhere in the file is not repeated.
 */
export function withKeys(text: string, keys: readonly string[]): string {
  const present = new Set(
    splitMarkedBlock(text)
      .others.split("\n")
      .map((line) => line.trim()),
  );
  return withMarkedBlock(
    text,
    [...new Set(keys.map((key) => key.trim()))].filter((key) => !present.has(key)),
  );
}
