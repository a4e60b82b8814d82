import type { Problem } from "./problem.ts";

/** What a document is. The names are part of the output of `validate --format json`. */
export type DocumentKind =
  /** `configuration.yaml`. */
  | "configuration"
  /** What kanod-bootcmd reads. */
  | "boot"
  /** `system.yaml`. */
  | "system"
  /** Only a network configuration: a netplan file, or cloud-init's `network-config`. */
  | "network"
  /** `config.yaml` of a module of kanod-image-builder. */
  | "module"
  /** An image build document. */
  | "image"
  /** cloud-init user-data: a container of the first three. */
  | "cloud-config"
  | "kubernetes"
  /** Nothing of ours. */
  | "other";

/** A file with all that was found in it. */
export interface CheckedFile {
  file: string;
  /** The text that problems have their places in. */
  text: string;
  /** In the order in which they were found. */
  documents: readonly { kind: DocumentKind; pointer: string; line: number }[];
  /** Sorted by place. */
  problems: readonly Problem[];
  /** Numbers of lines that hold secrets. */
  maskedLines: ReadonlySet<number>;
}
