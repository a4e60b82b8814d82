import type { DocumentKind } from "../../config/checked-file.ts";
import { isMapping } from "../../config/mapping.ts";
import { suggest } from "../../config/suggest.ts";

/** The outermost keys of our documents, by which they are told from others. */
export interface KnownKeys {
  configuration: readonly string[];
  boot: readonly string[];
}

export interface DetectOptions {
  known: KnownKeys;
  /** Base name of the file. */
  name: string;
  /** What is not known otherwise is this; undefined where nobody said that it is one of our documents. */
  otherwise: "configuration" | "boot" | undefined;
}

const moduleKeys = ["options", "env", "recipes"];
const cloudConfigKeys = ["write_files", "runcmd", "bootcmd"];
const networkConfigKeys = ["config", "ethernets", "bonds", "bridges", "vlans", "wifis", "renderer"];

export type DetectedKind = DocumentKind | "cloud-config-without-header";

/** What a YAML document of a file is, judged by its value. */
export function detectKind(value: unknown, options: DetectOptions): DetectedKind {
  const { known, name, otherwise } = options;
  if (!isMapping(value)) return otherwise ?? "other";
  const keys = Object.keys(value);
  const has = (wanted: readonly string[]): boolean => wanted.some((key) => Object.hasOwn(value, key));
  if (isImageDocument(value)) return "image";
  if (typeof value["apiVersion"] === "string" && typeof value["kind"] === "string") return "kubernetes";
  if (otherwise === "boot") return "boot";
  if (isButane(value)) return "other";
  if (has(cloudConfigKeys)) return "cloud-config-without-header";
  if (keys.length === 1 && keys[0] === "network") return "network";
  if (isNetworkConfig(value) && has(networkConfigKeys)) return "network";
  if (name === "system.yaml" || name === "system.yml") return "system";
  if (isModule(keys, name)) return "module";
  const isBoot = keys.length > 0 && keys.every((key) => known.boot.includes(key) && !known.configuration.includes(key));
  if (isBoot) return "boot";
  if (otherwise !== undefined || /^configuration\.ya?ml$/.test(name)) return "configuration";
  return looksLikeOurs(keys, [...known.configuration, ...known.boot]) ? "configuration" : "other";
}

/** Documents of kanod-image-builder and of Airship's image builder, which has documents of other kinds, too. */
function isImageDocument({ apiVersion, kind }: Readonly<Record<string, unknown>>): boolean {
  if (typeof kind !== "string") return false;
  if (kind.startsWith("AirshipImage")) return true;
  if (typeof apiVersion !== "string") return false;
  return (
    apiVersion.startsWith("kanod.io/") || (apiVersion.startsWith("airshipit.org/") && kind === "ImageConfiguration")
  );
}

/** https://coreos.github.io/butane/specs/ */
function isButane({ variant, version }: Readonly<Record<string, unknown>>): boolean {
  return typeof variant === "string" && typeof version === "string";
}

function isNetworkConfig({ version }: Readonly<Record<string, unknown>>): boolean {
  return version === 1 || version === 2;
}

function isModule(keys: readonly string[], name: string): boolean {
  const ours = keys.filter((key) => moduleKeys.includes(key));
  if (/^config\.ya?ml$/.test(name)) return ours.length > 0 || keys.some((key) => isNear(key, moduleKeys));
  return ours.length > 0 && ours.length === keys.length;
}

/**
 * At least half of the keys are known, or nearly. A `name` is in files of many programs, and all others have one or two of
 * our keys by chance.
 */
function looksLikeOurs(keys: readonly string[], known: readonly string[]): boolean {
  const isKnown = (key: string): boolean => known.includes(key);
  const others = keys.filter((key) => key !== "name" && !isNear(key, ["name"]));
  if (others.length === keys.length) return keys.length > 1 && keys.every(isKnown);
  const ours = others.filter((key) => isKnown(key) || isNear(key, known));
  return others.length === 0 ? keys.every(isKnown) : ours.length * 2 >= others.length;
}

function isNear(key: string, known: readonly string[]): boolean {
  return suggest(key, known) !== undefined;
}
