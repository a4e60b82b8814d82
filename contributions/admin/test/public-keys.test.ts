import { withMarkedBlock } from "kanod-configure";
import { describe, expect, test } from "vitest";
import { publicKeyFault, withKeys } from "../kanod/accounts/public-keys.ts";

const ed25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIKKM/P07p8iFXNEASUBVPPi8gV8JPkHnRE0bx0UsC+Nb";
const key = `ssh-ed25519 ${ed25519} ops@example.com`;

describe("accepted", () => {
  test.each([
    key,
    `ssh-ed25519 ${ed25519}`,
    `ssh-ed25519 ${ed25519} a comment with spaces; $(and) "quotes" and é`,
    `no-pty ${key}`,
    `from="192.0.2.0/24,*.example.com",command="echo \\"hi there\\"",no-pty ${key}`,
    `cert-authority ${key}`,
  ])("%s", (line) => {
    expect(publicKeyFault(line)).toBeUndefined();
  });
});

describe("refused", () => {
  test.each([
    ["", "key type"],
    ["hello world", "key type"],
    [`${key}\n${key}`, "line feed"],
    [`${key}\r`, "control character"],
    [`ssh-ed25519 ${ed25519.slice(0, -8)}`, "damaged"],
    [`ssh-rsa ${ed25519}`, "damaged"],
    ["ssh-ed25519 AAAA", "damaged"],
    ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", "damaged"],
    ["ssh-ed25519 not*base64", "damaged"],
    ["ssh-ed25519", "damaged"],
    ["-----BEGIN OPENSSH PRIVATE KEY-----", "private key"],
    [`${key} ${"x".repeat(10_000)}`, "longer"],
    [`from="a ssh-ed25519 ${ed25519}`, "key type"],
  ])("%j", (line, fault) => {
    expect(publicKeyFault(line)).toContain(fault);
  });
});

describe("the block in authorized_keys", () => {
  const foreign = "# mine\nssh-ed25519 AAAAforeign me\n";

  test("stands behind what others wrote", () => {
    expect(withKeys(foreign, [key])).toBe(withMarkedBlock(foreign, [key]));
    expect(withKeys("no newline at its end", [key])).toMatch(/^no newline at its end\n# BEGIN/);
  });

  test("is replaced, and goes with its last key", () => {
    const other = key.replace("ops@", "other@");
    expect(withKeys(withKeys(foreign, [key]), [other])).toBe(withKeys(foreign, [other]));
    expect(withKeys(withKeys(foreign, [key]), [])).toBe(foreign);
    expect(withKeys(withKeys("", [key]), [])).toBe("");
  });

  test("stays where it is when others wrote behind it, and repeats no key", () => {
    const text = `${withKeys("", [key])}ssh-ed25519 AAAAlater me\n`;
    expect(withKeys(text, [])).toBe("ssh-ed25519 AAAAlater me\n");
    expect(withKeys(`${key}\n`, [key, key])).toBe(`${key}\n`);
  });
});
