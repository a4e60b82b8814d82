import { expect, test } from "vitest";
import { machineNameFault } from "../kanod/names/host-name.ts";

test.each(["a", "node-1", "NODE.example.com", "a_b", "1", "x".repeat(63)])("%j is a name", (name) => {
  expect(machineNameFault(name)).toBeUndefined();
});

test.each([
  "",
  "-a",
  "a-",
  "a..b",
  ".a",
  "a.",
  "a b",
  "a\nb",
  "é",
  "a;b",
  "$(x)",
  "x".repeat(64),
  `${"x".repeat(40)}.${"y".repeat(40)}`,
])("%j is none", (name) => {
  expect(machineNameFault(name)).toBeDefined();
});
