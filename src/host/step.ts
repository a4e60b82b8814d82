/** What a recording host was asked to do. Secrets are masked in it. */
export type Step =
  | WriteStep
  | DirectoryStep
  | SymlinkStep
  | { kind: "remove"; path: string }
  | RunStep
  | { kind: "environment"; name: string; value: string | undefined }
  /** `url` is without user information and query. */
  | { kind: "fetch"; method: string; url: string }
  | { kind: "connect"; host: string; port: number }
  | { kind: "lookup"; name: string }
  /** In seconds. */
  | { kind: "sleep"; seconds: number };

export interface WriteStep {
  kind: "write";
  path: string;
  change: "created" | "changed";
  /** Masked when the file is a secret; only its length if it is not text. */
  content: string;
  /** What it replaces; masked when that was written as a secret, or when not everybody may read it. */
  previous: string | undefined;
  mode: number;
  owner: { uid: number; gid: number };
  secret: boolean;
}

export interface DirectoryStep {
  kind: "directory";
  path: string;
  change: "created" | "changed";
  mode: number;
  owner: { uid: number; gid: number };
}

export interface SymlinkStep {
  kind: "symlink";
  path: string;
  change: "created" | "changed";
  target: string;
}

export interface RunStep {
  kind: "run";
  /** On a target tree: as it is run there from outside. */
  argv: readonly string[];
  why: string | undefined;
  /** Standard input, masked when it is a secret. */
  input: string | undefined;
  secret: boolean;
  /** Left out, because it does not work on a target tree. */
  skipped: boolean;
}
