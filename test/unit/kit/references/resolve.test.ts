import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { pointerParts } from "../../../../src/config/problem.ts";
import { VaultError } from "../../../../src/kit/references/errors.ts";
import { findReferences, type LeafReference, resolveReferences } from "../../../../src/kit/references/resolve.ts";

/** Vault in which each secret tells its own reference. */
const told = async (reference: LeafReference): Promise<string> => `<${JSON.stringify(reference)}>`;

async function failureOf(value: unknown, lookup: (reference: LeafReference) => Promise<string>): Promise<VaultError> {
  const failure = await resolveReferences(value, lookup).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(VaultError);
  return failure as VaultError;
}

describe("findReferences", () => {
  test("gives all places with their pointers", () => {
    const found = findReferences({
      admin: { passwd: "@vault:kv2:admin:hash", keys: ["plain", "@vault:kv1:keys:one"] },
      "a/b~c": ["@vault:ca"],
      doc: "@vault:yaml:x: '@vault:pki-key:n'\n",
    });
    expect(found.findings).toEqual([]);
    expect(found.uses.map(({ pointer, reference }) => [pointer, reference.kind])).toEqual([
      ["/admin/passwd", "kv2"],
      ["/admin/keys/1", "kv1"],
      ["/a~1b~0c/0", "ca"],
      ["/doc", "pki-key"],
    ]);
  });

  test.each([
    ["malformed", { a: ["x", "@vault:kv2:x"] }, "/a/1", "vault-reference-malformed"],
    ["inside of a text", { a: "password=@vault:kv2:db:password" }, "/a", "vault-reference-misplaced"],
    ["as a key", { a: { "@vault:kv2:db:password": 1 } }, "/a/@vault:kv2:db:password", "vault-reference-misplaced"],
    ["no YAML", { a: "@vault:yaml:a: [" }, "/a", "vault-reference-malformed"],
    ["malformed in YAML", { a: "@vault:yaml:a: '@vault:kv2:x'" }, "/a", "vault-reference-malformed"],
    ["as a key in YAML", { a: "@vault:yaml:'@vault:ca': 1" }, "/a", "vault-reference-misplaced"],
    ["inside of a text in YAML", { a: "@vault:yaml:x y @vault:ca" }, "/a", "vault-reference-misplaced"],
    ["alias bomb in YAML", { a: `@vault:yaml:${aliasBomb()}` }, "/a", "vault-reference-malformed"],
  ])("reports a reference that is %s", (_name, value, pointer, code) => {
    expect(findReferences(value).findings).toMatchObject([{ severity: "error", pointer, code }]);
  });
});

describe("resolveReferences", () => {
  test("leaves what is given as it is and gives a copy", async () => {
    const value = { a: "@vault:ca", b: [1, true, null, "x"] };
    const resolved = await resolveReferences(value, async () => "PEM");
    expect(resolved).toEqual({ a: "PEM", b: [1, true, null, "x"] });
    expect(value.a).toBe("@vault:ca");
  });

  test("looks each distinct reference up once, however often and wherever it stands", async () => {
    const asked: string[] = [];
    const reference = "@vault:kv2:db:password";
    const value = { a: reference, b: [reference, reference], c: `@vault:yaml:x: '${reference}'\ny: '@vault:ca'\n` };
    await resolveReferences(value, async (leaf) => {
      asked.push(leaf.kind);
      return "s";
    });
    expect(asked.sort()).toEqual(["ca", "kv2"]);
  });

  test.each([
    "@vault:kv2:other:secret",
    "@vault:yaml:a: 1",
    "{{ template }} $HOME $(reboot) `reboot`",
    "- a: [unclosed\n\t'\"",
    "../../etc/shadow",
    "line one\r\nline two\n",
    "\u0000\u001b[2J\u2028\ufeff\u0085",
    "",
    "yes",
    "0123",
  ])("treats a secret %j as data, also inside of YAML", async (secret) => {
    const document = 'a: 1.10\nb:\n  - "@vault:kv2:x:y"\n  - >-\n    @vault:kv2:x:y\nc: 0123 # comment\n';
    const resolved = await resolveReferences(
      { plain: "@vault:kv2:x:y", doc: `@vault:yaml:${document}` },
      async () => secret,
    );
    expect(resolved.plain).toBe(secret);
    const [parsed] = parseAllDocuments(resolved.doc);
    expect(parsed?.errors).toEqual([]);
    expect(parsed?.toJS()).toEqual({ a: 1.1, b: [secret, secret], c: 123 });
    expect(resolved.doc).toContain("a: 1.10\n");
    expect(resolved.doc).toContain("c: 0123 # comment\n");
  });

  test("resolves all documents of a YAML stream, anchors and nested YAML", async () => {
    const inner = "@vault:yaml:- '@vault:ca'";
    const document = `x: &a "@vault:kv1:p:k"\ny: *a\n---\n- ${JSON.stringify(inner)}\n`;
    const resolved = await resolveReferences({ doc: `@vault:yaml:${document}` }, told);
    const [first, second] = parseAllDocuments(resolved.doc);
    const kv1 = await told({ kind: "kv1", path: "p", key: "k" });
    expect(first?.toJS()).toEqual({ x: kv1, y: kv1 });
    const [nested] = (second?.toJS() ?? []) as string[];
    expect(parseAllDocuments(nested ?? "")[0]?.toJS()).toEqual([await told({ kind: "ca" })]);
  });

  test("names every place that cannot be resolved, each with its reason", async () => {
    const value = { a: "@vault:kv2:gone:k", b: ["@vault:kv2:denied:k", "@vault:kv2:fine:k"], c: "@vault:kv2:gone:k" };
    const failure = await failureOf(value, async (reference) => {
      const path = "path" in reference ? reference.path : "";
      if (path === "gone") throw new VaultError("vault-path-missing", "there is nothing");
      if (path === "denied") throw new VaultError("vault-denied", "not allowed", { hint: "policy" });
      return "s";
    });
    expect(failure.code).toBe("vault-references");
    expect(failure.findings.map(({ pointer, code }) => [pointer, code])).toEqual([
      ["/a", "vault-path-missing"],
      ["/b/0", "vault-denied"],
      ["/c", "vault-path-missing"],
    ]);
  });

  test("names the server's fault where that is the reason for all", async () => {
    const failure = await failureOf({ a: "@vault:ca", b: "@vault:kv2:x:y" }, async () => {
      throw new VaultError("vault-sealed", "Vault: it is sealed");
    });
    expect(failure.code).toBe("vault-sealed");
    expect(failure.findings).toHaveLength(2);
  });

  test("fails on a malformed reference before anything is asked", async () => {
    const asked: LeafReference[] = [];
    const failure = await failureOf({ a: "@vault:ca", b: "@vault:nothing" }, async (reference) => {
      asked.push(reference);
      return "";
    });
    expect(failure.findings.map(({ pointer }) => pointer)).toEqual(["/b"]);
    expect(asked).toEqual([]);
  });

  test("survives keys that mean something to JavaScript", async () => {
    const value = JSON.parse('{"__proto__": {"x": "@vault:ca"}, "constructor": "@vault:ca"}');
    const resolved = await resolveReferences(value, async () => "PEM");
    expect(JSON.stringify(resolved)).toBe('{"__proto__":{"x":"PEM"},"constructor":"PEM"}');
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  test("for any data: nothing but the references changes, and none is left", async () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.constantFrom("@vault:ca", "@vault:kv2:a/b:c", "@vault:pki-key:n"),
      fc.integer(),
    );
    const data = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie("node"), { maxLength: 4 }),
        fc.dictionary(fc.string({ minLength: 1 }), tie("node"), { maxKeys: 4 }),
      ),
    })).node;
    await fc.assert(
      fc.asyncProperty(data, async (value) => {
        const { uses, findings } = findReferences(value);
        fc.pre(findings.length === 0);
        const resolved = await resolveReferences(value, told);
        expect(JSON.stringify(resolved)).not.toContain('"@vault:');
        const restored = structuredClone(resolved);
        const holder = { root: restored };
        for (const { pointer, text, reference } of uses) {
          const parts = ["root", ...pointerParts(pointer)];
          const last = parts.pop() as string;
          const parent = parts.reduce<unknown>((node, part) => (node as Record<string, unknown>)[part], holder);
          expect((parent as Record<string, unknown>)[last]).toBe(await told(reference));
          (parent as Record<string, unknown>)[last] = text;
        }
        expect(holder.root).toEqual(value);
      }),
    );
  });
});

function aliasBomb(): string {
  const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(", ")}]`);
  return `l0: &l0 x\n${levels.join("\n")}\n`;
}
