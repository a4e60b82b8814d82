import type { Host } from "kanod-configure";

/** In bytes of UTF-8: openssl-passwd(1) cuts a longer password off. */
const longest = 256;

/** The forms of crypt(5) that a Linux login knows: yescrypt, bcrypt, SHA-512, SHA-256, MD5. */
const hashForms: readonly RegExp[] = [
  /^\$g?y\$[./0-9A-Za-z]+\$[./0-9A-Za-z]{1,86}\$[./0-9A-Za-z]{43}$/,
  /^\$2[abxy]\$\d\d\$[./0-9A-Za-z]{53}$/,
  /^\$6\$(rounds=\d+\$)?[^$:\n]{0,16}\$[./0-9A-Za-z]{86}$/,
  /^\$5\$(rounds=\d+\$)?[^$:\n]{0,16}\$[./0-9A-Za-z]{43}$/,
  /^\$1\$[^$:\n]{0,8}\$[./0-9A-Za-z]{22}$/,
];

/** Whether a text is a password that was hashed already. */
export function isPasswordHash(text: string): boolean {
  return hashForms.some((form) => form.test(text));
}

/** What is wrong with a password, plain or hashed, or undefined. */
export function passwordFault(text: string): string | undefined {
  if (text === "") return "is empty";
  if (/^[!*]/.test(text)) return "locks the account in /etc/shadow, and is no password: use `locked: true`";
  if (/^\$[A-Za-z0-9-]+\$/.test(text) && !isPasswordHash(text)) {
    return "begins like a hash of crypt(5) and is not a complete one of a supported kind ($y$, $6$, $5$, $2b$, $1$)";
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) return "holds a control character, which nobody can type at a login";
  if (Buffer.byteLength(text) > longest) return `is longer than ${longest} bytes`;
  return undefined;
}

/** Whether `hash` is one that the plain `password` fits, as far as openssl can tell (SHA-512 without rounds). */
export async function fitsHash(host: Host, password: string, hash: string): Promise<boolean> {
  const salt = /^\$6\$([./0-9A-Za-z]{1,16})\$/.exec(hash)?.[1];
  return salt !== undefined && (await sha512Crypt(host, password, ["-salt", salt])) === hash;
}

/** The hash of a plain password, with a salt of its own. The password goes through standard input. */
export function hashPassword(host: Host, password: string): Promise<string> {
  return sha512Crypt(host, password, []);
}

async function sha512Crypt(host: Host, password: string, salt: readonly string[]): Promise<string> {
  // Not an effect on the machine, and needed to tell whether there is one to make: a query.
  const argv = ["openssl", "passwd", "-6", ...salt, "-stdin"];
  const options = { input: `${password}\n`, secret: true, onTree: "chroot", why: "hash a password" } as const;
  const { stdout } = await host.query(argv, options);
  return stdout;
}

/** Sets an account's password to a hash, through standard input: an argument list is readable by every user. */
export async function setPasswordHash(host: Host, account: string, hash: string): Promise<void> {
  await host.run(["chpasswd", "--encrypted"], {
    input: `${account}:${hash}\n`,
    secret: true,
    onTree: "chroot",
    why: `set the password of ${account}`,
  });
}
