import { describe, expect, test } from "vitest";
import { createHost } from "../../../src/host/create-host.ts";
import { memoryLog } from "../../../test/support/contributions.ts";
import { fitsHash, hashPassword, isPasswordHash, passwordFault } from "../kanod/accounts/password.ts";

const sha512 = "$6$sesame$0cCfXEGGfA45xFTOA5a7uuSNYEGQjPiJR0BQWHJOT.FB6whpg21kYWF.gl02WC6VIyCXHKjssnEWcgITqRRFX0";

describe("whether a password is hashed already", () => {
  test.each([
    sha512,
    sha512.replace("$6$", "$6$rounds=10000$"),
    "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
    "$2b$12$GhvMmNVjRW29ulnudl.LbuAnUtN/LRfe1JsBm1Xu6LE3059z5Tr8m",
    "$5$fIrUDnWMrwQmNqPc$0q4XBKnqAPMD4Y2Uh6Sh7YlDA8rUZpDsqXy0mCWOXd5",
    "$1$O3JMY.Tw$AdLnLjQ/5jXF9.MTp3gHv/",
  ])("%s", (text) => {
    expect(isPasswordHash(text)).toBe(true);
  });

  test.each(["secret", "$6$sesame", "$6$sesame$short", "$9$a$b", "$$$", "", `${sha512}x`, `${sha512}\nroot:x`])(
    "%j is plain",
    (text) => {
      expect(isPasswordHash(text)).toBe(false);
    },
  );
});

describe("with the machine's openssl", () => {
  const host = createHost({ log: memoryLog().log });

  test.each(["correct horse battery staple", "pass:wörd ' \" $(x) `y`", "é".repeat(128)])("%j", async (password) => {
    const hash = await hashPassword(host, password);
    expect(isPasswordHash(hash)).toBe(true);
    expect(await fitsHash(host, password, hash)).toBe(true);
    expect(await fitsHash(host, `${password.slice(0, -1)}?`, hash)).toBe(false);
    expect(await hashPassword(host, password)).not.toBe(hash);
  });

  test("a known hash fits", async () => {
    expect(await fitsHash(host, "correct horse battery staple", sha512)).toBe(true);
  });

  test.each([
    "",
    "!",
    "*",
    "!$6$sesame$x",
    "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
  ])("what openssl cannot check does not fit: %j", async (hash) => {
    expect(await fitsHash(host, "x", hash)).toBe(false);
  });
});

test.each([
  ["", "empty"],
  ["a\nroot:x", "control"],
  ["a\u0000", "control"],
  ["x".repeat(10_000), "longer"],
])("%j is refused", (text, fault) => {
  expect(passwordFault(text)).toContain(fault);
});

describe("what is neither a password nor a complete hash is refused", () => {
  test.each(["!", "*", "!!", `!${sha512}`, "$6$saltsalt$tooshort", "$argon2id$v=19$x", "$y$j9T$short"])(
    "%j",
    (text) => {
      expect(passwordFault(text)).toBeDefined();
    },
  );

  test.each(["hello-Plain9", "$ecret", "pass!", sha512])("and %j is not", (text) => {
    expect(passwordFault(text)).toBeUndefined();
  });
});
