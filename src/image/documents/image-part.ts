/** What a document says of one image, or of what several have in common, as image.schema.yaml accepts it. */
export interface ImagePart {
  readonly modules?: readonly string[];
  readonly options?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  readonly elements?: readonly string[];
  readonly packages?: readonly string[];
  readonly elementsPath?: readonly string[];
  readonly env?: Readonly<Record<string, string | VariableValue>>;
  readonly requiredEnv?: readonly RequiredVariable[];
  readonly matrix?: Readonly<Record<string, readonly string[]>>;
  readonly architecture?: string;
  readonly outputFolder?: string;
  readonly outputs?: readonly OutputRequest[];
  readonly outputMetadataFileName?: string;
  readonly networking?: unknown;
  readonly configuration?: unknown;
  readonly software?: { readonly packages?: readonly string[]; readonly repositories?: readonly Repository[] };
  readonly storage?: Storage;
}

export interface VariableValue {
  readonly value: string;
  readonly overridable?: boolean;
  readonly secret?: boolean;
}

export interface RequiredVariable {
  readonly name: string;
  readonly description: string;
  readonly file?: boolean;
}

export interface OutputRequest {
  readonly action: "build-root" | "build-qcow" | "build-iso";
  readonly format?: string;
  readonly fileName?: string;
  readonly userDataFileName?: string;
  readonly networkConfigFileName?: string;
}

export interface Repository {
  readonly name: string;
  readonly url: string;
  readonly suite?: string;
  readonly components?: readonly string[];
  readonly keyFileName?: string;
}

export interface Storage {
  /** In GiB. */
  readonly size?: number;
  readonly table?: "gpt" | "mbr";
  readonly partitions: readonly Partition[];
  readonly volumes?: readonly Volume[];
}

interface Mounted {
  readonly name: string;
  /** `512MiB`, `4GiB` or `60%`. */
  readonly size: string;
  readonly fileSystem?: "ext4" | "xfs";
  readonly mountOptions?: string;
}

export interface Partition extends Mounted {
  readonly use?: "bios" | "efi" | "lvm";
  readonly mountPoint?: string;
}

export interface Volume extends Mounted {
  readonly mountPoint: string;
}

/** A document that image.schema.yaml accepts. */
export interface DocumentValue {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: ImagePart & { readonly images?: readonly NamedPart[] };
}

export interface NamedPart extends ImagePart {
  readonly name: string;
  readonly base?: string;
  readonly abstract?: boolean;
}
