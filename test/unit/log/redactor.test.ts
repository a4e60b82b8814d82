import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mask, Redactor, shortestSecret } from "../../../src/log/redactor.ts";

function redactorOf(...secrets: string[]): Redactor {
  const redactor = new Redactor();
  for (const secret of secrets) redactor.add(secret);
  return redactor;
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const jsonEscaped = (text: string): string => JSON.stringify(text).slice(1, -1);

describe("Redactor", () => {
  test("leaves text alone while it knows no secret", () => {
    expect(new Redactor().redact("hunter2")).toBe("hunter2");
  });

  test("masks a secret wherever it stands", () => {
    expect(redactorOf("hunter2").redact("hunter2, pass=hunter2;")).toBe("***, pass=***;");
  });

  test("leaves secrets under four characters, which would mask ordinary words", () => {
    expect(redactorOf("", "a", "abc").redact("a, abc")).toBe("a, abc");
    expect(redactorOf("abcd").redact("xabcdx")).toBe("x***x");
  });

  test("masks the longer of two secrets that begin alike", () => {
    expect(redactorOf("pass", "password1").redact("password1 pass")).toBe("*** ***");
  });

  test("leaves no rest where secrets overlap or touch", () => {
    expect(redactorOf("abcdef", "defghi").redact("-abcdefghi-")).toBe("-***-");
    expect(redactorOf("abcdef", "ghijkl").redact("-abcdefghijkl-")).toBe("-***-");
    expect(redactorOf("aaaa").redact("xaaaaaaax")).toBe("x***x");
  });

  test.each([0, 1, 2, 3, 4, 5])("masks base64 behind %i other bytes", (offset) => {
    const text = base64(`${"n".repeat(offset)}correct horse\u00e9 and more`);
    const redacted = redactorOf("correct horse\u00e9").redact(text);
    expect(redacted).toContain(mask);
    const left = Buffer.from(redacted.replaceAll("*", ""), "base64").toString("latin1");
    expect(left).not.toMatch(/orrec|horse/);
  });

  test("masks the URL-safe alphabet of base64", () => {
    const secret = "\u00ff\u00fe???>>>\u00ff";
    const encoded = Buffer.from(secret).toString("base64url");
    expect(encoded).toMatch(/[-_]/);
    expect(redactorOf(secret).redact(`x ${encoded} y`)).toBe(`x ${mask} y`);
  });

  test("masks base64 that is wrapped into lines", () => {
    const secret = Array.from({ length: 40 }, (_, i) => `word${i}`).join("-");
    const wrapped = base64(`user:${secret}`).replace(/.{76}/g, "$&\n  ");
    const redacted = redactorOf(secret).redact(`data: ${wrapped}`);
    expect(redacted.length).toBeLessThan(30);
  });

  test.each([
    ["encodeURIComponent", encodeURIComponent("p@ss wörd/+%&")],
    ["lower case hex", encodeURIComponent("p@ss wörd/+%&").replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())],
    ["a form", new URLSearchParams({ k: "p@ss wörd/+%&" }).toString().slice(2)],
    ["every byte", Buffer.from("p@ss wörd/+%&").toString("hex").replace(/../g, "%$&")],
  ])("masks URL-encoding: %s", (_name, encoded) => {
    expect(redactorOf("p@ss wörd/+%&").redact(`https://h/?k=${encoded}&l`)).toBe(`https://h/?k=${mask}&l`);
  });

  test.each([
    ["JSON.stringify", jsonEscaped('say "hi"\\\té')],
    ["ASCII only", jsonEscaped('say "hi"\\\té').replace("é", "\\u00e9")],
    ["JSON in JSON", jsonEscaped(jsonEscaped('say "hi"\\\té'))],
  ])("masks JSON escapes: %s", (_name, encoded) => {
    expect(redactorOf('say "hi"\\\té').redact(`{"k":"${encoded}"}`)).toBe(`{"k":"${mask}"}`);
  });

  test("masks a secret of several lines line by line, but not the armour of PEM", () => {
    const key = "-----BEGIN PRIVATE KEY-----\nMIIEvAIBADANBg\r\n  kqhkiG9w0BAQ\n-----END PRIVATE KEY-----\n";
    const redactor = redactorOf(key);
    expect(redactor.redact("1: MIIEvAIBADANBg")).toBe("1: ***");
    expect(redactor.redact("    kqhkiG9w0BAQ")).toBe("  ***");
    expect(redactor.redact("-----BEGIN PRIVATE KEY-----")).toBe("-----BEGIN PRIVATE KEY-----");
    expect(redactor.redact(`[${key}]`)).toBe("[***]");
  });

  test("treats characters that mean something in an expression as themselves", () => {
    expect(redactorOf("a.*(b)$1").redact("a.*(b)$1 aXX(b)$1")).toBe("*** aXX(b)$1");
  });
});

describe("Redactor, for any secrets", () => {
  const secret = fc
    .oneof(fc.string({ minLength: shortestSecret, maxLength: 40 }), fc.string({ unit: "binary", minLength: 4 }))
    .filter((text) => text.trim().length >= shortestSecret && !text.includes("*"));
  const encoders: ((text: string) => string)[] = [
    (text) => text,
    encodeURIComponent,
    jsonEscaped,
    (text) => jsonEscaped(jsonEscaped(text)),
    (text) => jsonEscaped(encodeURIComponent(text)),
    base64,
    (text) => jsonEscaped(base64(text)),
  ];

  test("no encoding of a secret is left", () => {
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 5 }),
        fc.array(fc.tuple(fc.nat(), fc.constantFrom(...encoders), fc.stringMatching(/^[a-z =:]{0,8}$/)), {
          minLength: 1,
          maxLength: 8,
        }),
        (secrets, uses) => {
          const redactor = redactorOf(...secrets);
          const planted = uses.map(([at, encode, before]) => ({ before, text: encode(pick(secrets, at)) }));
          const redacted = redactor.redact(planted.map(({ before, text }) => before + text).join("|"));
          for (const { text } of planted) expect(redacted.includes(text)).toBe(false);
          expect(redactor.redact(redacted)).toBe(redacted);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("no base64 of data around a secret gives the secret back", () => {
    const word = fc.stringMatching(/^[A-Z]{8,30}$/);
    fc.assert(
      fc.property(word, fc.stringMatching(/^[a-z]{0,9}$/), fc.stringMatching(/^[a-z]{0,9}$/), (text, before, after) => {
        const redacted = redactorOf(text).redact(base64(before + text + after));
        const [head = "", tail = ""] = redacted.split(mask);
        expect(redacted.split(mask)).toHaveLength(2);
        expect(Buffer.from(head, "base64").toString("latin1")).not.toMatch(/[A-Z]/);
        expect(head.length).toBeLessThanOrEqual(Math.ceil((before.length * 4) / 3));
        expect(tail.replace(/=+$/, "").length).toBeLessThanOrEqual(Math.ceil((after.length * 4) / 3));
      }),
    );
  });

  test("text without a secret stays as it is", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z \\%+\n0-9]{0,200}$/), (text) => {
        expect(redactorOf("SECRET-ONE", "SECRET-TWO\nTHIRD-LINE").redact(text)).toBe(text);
      }),
    );
  });
});

describe("Redactor, under load", () => {
  test("the time grows with the text, not with its square", () => {
    const secrets = Array.from({ length: 100 }, (_, i) => `${i}-${base64(`secret number ${i}`.repeat((i % 20) + 1))}`);
    const redactor = redactorOf(...secrets);
    const line = "2026-01-01T00:00:00Z an ordinary line of output: path=/etc/x%20y \\n 0x1234 some+more words\n";
    const timeFor = (lines: number): number => {
      const text = line.repeat(lines) + secrets.join("\n");
      const times = [1, 2, 3].map(() => {
        const start = performance.now();
        const redacted = redactor.redact(text);
        const time = performance.now() - start;
        expect(redacted.startsWith(line)).toBe(true);
        expect(secrets.filter((secret) => redacted.includes(secret))).toEqual([]);
        return time;
      });
      return Math.min(...times);
    };
    expect(timeFor(4000) / timeFor(1000)).toBeLessThan(10);
  });
});

function pick<T>(values: readonly T[], at: number): T {
  const value = values[at % values.length];
  if (value === undefined) throw new RangeError("nothing to pick from");
  return value;
}
