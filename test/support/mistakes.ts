/** Texts with one to three mistakes each, as a hand makes them; the same ones on each call. */
import fc from "fast-check";

const signs = [
  ..." \t\n\r:-,[]{}#&*!|>'\"%@`?=<~.0189aeyn+_\\/\u0085\u2028\u00a0\ufeff😀",
  ..."!!|!!str |!!int |!x |<<|---|...|&p |*p|\t#|: | #|\n |yes|2027-13-45|0x1f|1:30|%YAML 1.1|0o7".split("|"),
];

export function mistakes(text: string, count: number, seed = 1): string[] {
  const characters = [...text];
  const mistake = fc.record({
    kind: fc.constantFrom("cut", "insert", "replace", "move"),
    at: fc.nat(characters.length - 1),
    to: fc.nat(characters.length - 1),
    sign: fc.constantFrom(...signs),
  });
  const made = fc.array(mistake, { minLength: 1, maxLength: 3 }).map((list) => {
    const result = [...characters];
    for (const { kind, at, to, sign } of list) {
      const [taken = ""] = kind === "insert" ? [] : result.splice(at, 1);
      if (kind === "insert" || kind === "replace") result.splice(at, 0, sign);
      if (kind === "move") result.splice(to, 0, taken);
    }
    return result.join("");
  });
  return fc.sample(made, { numRuns: count, seed });
}
