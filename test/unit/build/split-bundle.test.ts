import { expect, test } from "vitest";
import { splitBundle } from "../../../src/build/split-bundle.ts";

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

/** Runs both texts. Returns what the bundle exports, and how often the rest was asked for. */
function run({ core, rest }: { core: string; rest: string }): { exports: unknown; asked: number } {
  let asked = 0;
  const module = { exports: {} as unknown };
  const evaluate = (text: string): ((...values: unknown[]) => unknown) => new Function(`return ${text};`)();
  const others = (): unknown => {
    asked++;
    return evaluate(rest)("a require", "/folder");
  };
  evaluate(core)(module, module.exports, "a require", "/folder", others);
  return { exports: module.exports, asked };
}

const result = ["first", [true, "string", "/folder"]];

test.each([
  ["all", () => true, 0],
  ["some", (number: string) => number === "11", 1],
  ["none", () => false, 2],
])("a bundle does the same with %s of its modules in the first text", (_, isCore, asked) => {
  expect(run(splitBundle(script, isCore))).toEqual({ exports: result, asked });
});

test("the modules of the rest are not in the first text", () => {
  const { core, rest } = splitBundle(script, (number) => number === "22");
  expect([core.includes("first"), rest.includes("first")]).toEqual([false, true]);
});

test.each([
  ["has no table", script.replace("__webpack_modules__ = ({", "modules = ({")],
  ["has no module", script.replace(/^\/\*{3}\/ .*\n/gm, "")],
  ["has a module that does not end", script.replace("/***/ }),", "/***/ }")],
])("a text that %s is refused", (_, text) => {
  expect(() => splitBundle(text, () => true)).toThrow("another form");
});
