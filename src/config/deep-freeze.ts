/** The type of a value that nobody may change, all that it holds included. */
export type DeepReadonly<T> = T extends string | number | boolean | ((...args: never[]) => unknown)
  ? T
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** Makes a value of plain data unchangeable, all that it holds included, and returns it. */
export function deepFreeze<T>(value: T, seen: Set<unknown> = new Set()): DeepReadonly<T> {
  if (typeof value === "object" && value !== null && !seen.has(value)) {
    seen.add(value);
    for (const part of Object.values(value)) deepFreeze(part, seen);
    Object.freeze(value);
  }
  return value as DeepReadonly<T>;
}
