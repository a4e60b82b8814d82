import type { Value } from "./values.ts";

/** A place in a template: line and column count from 1. */
export interface Place {
  line: number;
  column: number;
}

export interface Arguments<T> {
  readonly positional: readonly T[];
  readonly named: ReadonlyMap<string, T>;
}

export type BinaryOperator = "and" | "or" | "+" | "-" | "*" | "/" | "//" | "%" | "**" | "~";
export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in";

/** What a template computes. `at` is where an error of it is reported. */
export type Expression = { readonly at: Place } & (
  | { readonly kind: "literal"; readonly value: Value }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "list" | "tuple"; readonly items: readonly Expression[] }
  | { readonly kind: "dict"; readonly pairs: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: "choice"; readonly test: Expression; readonly body: Expression; readonly otherwise?: Expression }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "unary"; readonly operator: "not" | "-" | "+"; readonly operand: Expression }
  | {
      readonly kind: "compare";
      readonly first: Expression;
      readonly rest: readonly { readonly operator: Comparison; readonly operand: Expression }[];
    }
  | {
      readonly kind: "test" | "filter";
      readonly name: string;
      readonly operand: Expression;
      readonly args: Arguments<Expression>;
    }
  | { readonly kind: "call"; readonly callee: Expression; readonly args: Arguments<Expression> }
  | { readonly kind: "member"; readonly target: Expression; readonly key: Expression }
  | {
      readonly kind: "slice";
      readonly target: Expression;
      readonly start?: Expression;
      readonly stop?: Expression;
      readonly step?: Expression;
    }
);

/** The names that a value is given to: `a`, `a, b`, `namespace.a`. */
export type Target =
  | { readonly kind: "names"; readonly names: readonly string[]; readonly isTuple: boolean }
  | { readonly kind: "attribute"; readonly namespace: string; readonly attribute: string };

export type Statement = { readonly at: Place } & (
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "output"; readonly value: Expression }
  | { readonly kind: "if"; readonly test: Expression; readonly body: Block; readonly otherwise: Block }
  | {
      readonly kind: "for";
      readonly target: Target;
      readonly sequence: Expression;
      readonly condition?: Expression;
      readonly body: Block;
      readonly otherwise: Block;
    }
  | { readonly kind: "set"; readonly target: Target; readonly value: Expression }
  /** `{% set a | upper %}…{% endset %}`: the filters are applied to a name that stands for the rendered body. */
  | { readonly kind: "capture"; readonly target?: Target; readonly body: Block; readonly value: Expression }
);

export type Block = readonly Statement[];

/** The name that stands for the rendered body in the filters of a `capture`. No template can write it. */
export const captured = "(the block)";
