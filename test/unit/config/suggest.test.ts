import { expect, test } from "vitest";
import { suggest } from "../../../src/config/suggest.ts";

const keys = [
  "name",
  "network",
  "network_checks",
  "greeting",
  "proxy",
  "http",
  "https",
  "ntp",
  "vg",
  "container_registries",
];

test.each([
  ["greetng", "greeting"],
  ["nmae", "name"],
  ["Name", "name"],
  ["newtork", "network"],
  ["network-checks", "network_checks"],
  ["networkChecks", "network_checks"],
  ["htps", "https"],
  ["http2", "http"],
  ["ntps", "ntp"],
  ["container_registry", "container_registries"],
  ["vgs", "vg"],
])("%s: did you mean %s?", (word, expected) => {
  expect(suggest(word, keys)).toBe(expected);
});

test.each(["banana", "x", "vault", "", "certificates", "a".repeat(10_000)])("nothing is near %s", (word) => {
  expect(suggest(word, keys)).toBeUndefined();
});

test("the nearest wins, not the first, and a word is no suggestion for itself", () => {
  expect(suggest("servers", ["serves", "server", "server_s"])).toBe("serves");
  expect(suggest("Http", ["hitp", "http"])).toBe("http");
  expect(suggest("name", ["name"])).toBeUndefined();
  expect(suggest("name", ["names".repeat(100)])).toBeUndefined();
});
