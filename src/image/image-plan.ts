import { basename, dirname, join } from "node:path";
import { type BuildResolution, remaining } from "./modules/resolve.ts";
import { shellScript, shellScripts } from "./shell-script.ts";

/** What one build is to make, complete: the same plan gives the same command line. */
export interface ImagePlan {
  /** Path of the images without their format, such as `out/node`. */
  readonly output: string;
  readonly formats: readonly string[];
  /** As diskimage-builder names it. */
  readonly architecture: string;
  /** Nothing that diskimage-builder keeps in its caches is fetched again. */
  readonly offline: boolean;
  /** What the environment gets, in the order of definition. */
  readonly variables: ReadonlyMap<string, string>;
  readonly elements: readonly string[];
  /** Of the modules. */
  readonly packages: readonly string[];
  /** Of the command line. */
  readonly morePackages: readonly string[];
}

export interface PlanWishes {
  /** As typed; with or without the format. */
  output: string;
  formats: readonly string[];
  architecture: string;
  offline: boolean;
  morePackages: readonly string[];
}

/** Kinds of output that diskimage-builder makes with `-t`, itself or through qemu-img. */
const imageFormats = "aci docker qcow2 raw squashfs tar tgz vdi vhd vhdx vmdk vpc".split(" ");
/** Kinds of output that it makes in another way, each alone; and the elements that they take. */
const bootFormatElements: Readonly<Record<string, readonly string[]>> = {
  kernel: ["baremetal", "no-final-image"],
  ramdisk: ["kanod-ramdisk"],
};
const bootFormats: readonly string[] = Object.keys(bootFormatElements);

export const knownFormats: readonly string[] = [...imageFormats, ...bootFormats];

/** Those of `formats` that cannot be made together with another one. */
export function loneFormats(formats: readonly string[]): string[] {
  return formats.length > 1 ? formats.filter((format) => bootFormats.includes(format)) : [];
}

/** `elementsPath`: see elementsPath. */
export function planImage(resolution: BuildResolution, elementsPath: readonly string[], wishes: PlanWishes): ImagePlan {
  const variables = new Map(resolution.variables.map(({ name, value }) => [name, value]));
  variables.set("ELEMENTS_PATH", elementsPath.join(":"));
  const { output, formats, architecture, offline, morePackages } = wishes;
  const suffix = `.${formats[0]}`;
  const ends = formats.length === 1 && output.endsWith(suffix) && basename(output) !== suffix;
  return {
    output: ends ? output.slice(0, -suffix.length) : output,
    formats,
    architecture,
    offline,
    variables,
    elements: [...remaining(resolution.elements), ...(bootFormatElements[formats[0] ?? ""] ?? [])],
    packages: remaining(resolution.packages.filter(({ origin }) => origin.source !== undefined)),
    morePackages,
  };
}

/** The call of diskimage-builder. `folder` is where the images go, without it where the plan says. */
export function imageCommand(plan: ImagePlan, folder: string = dirname(plan.output)): string[] {
  const { formats, architecture, offline, elements, packages, morePackages } = plan;
  const [format = ""] = formats;
  const path = join(folder, basename(plan.output));
  const isImage = imageFormats.includes(format);
  const output = isImage && formats.length === 1 ? `${path}.${format}` : path;
  const kinds = isImage ? formats.join(",") : "raw";
  return [
    ...(format === "ramdisk"
      ? ["ramdisk-image-create", "-a", architecture, "-o", output]
      : ["disk-image-create", "-a", architecture, "-t", kinds, "-o", output]),
    ...(offline ? ["--offline"] : []),
    ...[packages, morePackages].flatMap((list) => (list.length === 0 ? [] : ["-p", list.join(",")])),
    ...elements,
  ];
}

/** The plan as a shell script that makes the images. */
export function imageScript(plan: ImagePlan): string {
  return shellScript(plan.variables, [imageCommand(plan)]);
}

/** Several plans, one after the other, each with only its own variables. */
export function imagesScript(plans: readonly ImagePlan[]): string {
  const [only, ...more] = plans;
  if (only !== undefined && more.length === 0) return imageScript(only);
  return shellScripts(plans.map((plan) => ({ variables: plan.variables, command: imageCommand(plan) })));
}
