import type { SourceRange } from "../../config/problem.ts";

/** What a module's `config.yaml` says, with the place of everything that can be wrong or has to be explained. */
export interface ModuleDefinition {
  /** As it is called on the command line. */
  readonly name: string;
  /** Folder of the module; its elements are in `elements` there. */
  readonly folder: string;
  readonly options: readonly ModuleOption[];
  readonly variables: readonly ModuleVariable[];
  readonly recipes: readonly Recipe[];
}

/** A text of a `config.yaml`: a template or a condition. */
export interface Entry {
  readonly text: string;
  /** JSON pointer (RFC 6901) into the `config.yaml`. */
  readonly pointer: string;
  readonly source: SourceRange;
}

export interface ModuleOption {
  readonly kind: "var" | "flag";
  readonly name: Entry;
  readonly description: string | undefined;
  readonly default: Entry | undefined;
  readonly choices: readonly string[] | undefined;
  readonly secret: boolean;
}

/** A variable of the environment. */
export interface ModuleVariable {
  readonly name: Entry;
  readonly value: Entry;
  readonly when: readonly Entry[];
  /** The value is a secret by itself, and not only where it holds that of a secret option. */
  readonly secret?: boolean;
}

export interface Recipe {
  /** Where the recipe begins. */
  readonly source: SourceRange;
  readonly packages: readonly Entry[];
  readonly elements: readonly Entry[];
  readonly when: readonly Entry[];
}
