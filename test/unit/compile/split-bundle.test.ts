import { expect, test } from "vitest";
import {
  type AgentPart,
  agentParts,
  type SplitBundle,
  splitBundle,
} from "../../../src/compile/code-cache/split-bundle.ts";

/** In the form that ncc gives a bundle. */
const script = `/******/ (() => { // webpackBootstrap
/******/ \tvar __webpack_modules__ = ({

/***/ 11:
/***/ ((module, __unused, __nccwpck_require__) => {

module.exports = () => ["first", __nccwpck_require__(22)];

/***/ }),

/***/ 22:
/***/ (function(module) {

module.exports = [this === module.exports, typeof require, __dirname];

/***/ })

/******/ \t});
/******/ \tfunction __nccwpck_require__(id) {
/******/ \t\tconst module = { exports: {} };
/******/ \t\t__webpack_modules__[id].call(module.exports, module, module.exports, __nccwpck_require__);
/******/ \t\treturn module.exports;
/******/ \t}
module.exports = __nccwpck_require__(11)();
/******/ })();`;

/** Runs the texts. Returns what the bundle exports, and the parts that were asked for modules. */
function run(bundle: SplitBundle): { exports: unknown; asked: AgentPart[] } {
  const asked: AgentPart[] = [];
  const module = { exports: {} as unknown };
  const evaluate = (part: AgentPart): ((...values: unknown[]) => unknown) => new Function(`return ${bundle[part]};`)();
  const modulesOf = (part: AgentPart) => evaluate(part)("a require", "/folder") as Record<string, unknown>;
  const get = (_: unknown, number: string): unknown => {
    const part = number in modulesOf("agent-offline") ? "agent-offline" : "agent-rest";
    asked.push(part);
    return modulesOf(part)[number];
  };
  evaluate("agent")(module, module.exports, "a require", "/folder", new Proxy({}, { get }));
  return { exports: module.exports, asked };
}

const result = ["first", [true, "string", "/folder"]];

test.each<[string, (number: string) => AgentPart, AgentPart[]]>([
  ["all in the first text", () => "agent", []],
  ["one in the second", (number) => (number === "11" ? "agent" : "agent-offline"), ["agent-offline"]],
  [
    "one in each of the others",
    (number) => (number === "11" ? "agent-offline" : "agent-rest"),
    ["agent-offline", "agent-rest"],
  ],
])("a bundle does the same with %s", (_, partOf, asked) => {
  expect(run(splitBundle(script, partOf))).toEqual({ exports: result, asked });
});

test("a module is in one text only", () => {
  const bundle = splitBundle(script, (number) => (number === "22" ? "agent" : "agent-rest"));
  expect(agentParts.filter((part) => bundle[part].includes("first"))).toEqual(["agent-rest"]);
});

test.each([
  ["has no table", script.replace("__webpack_modules__ = ({", "modules = ({")],
  ["has no module", script.replace(/^\/\*{3}\/ .*\n/gm, "")],
  ["has a module that does not end", script.replace("/***/ }),", "/***/ }")],
])("a text that %s is refused", (_, text) => {
  expect(() => splitBundle(text, () => "agent")).toThrow("another form");
});
