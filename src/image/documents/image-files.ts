import { resolve } from "node:path";
import { stringify } from "yaml";
import { readText } from "../../compile/workspace.ts";
import { configurationPath } from "../../config/paths.ts";
import type { Problem } from "../../config/problem.ts";
import { shown } from "../../config/shown.ts";
import type { ImageFileContent } from "../build-image.ts";
import type { Repository } from "./image-part.ts";
import { type Layer, lastOf } from "./layer.ts";
import type { RequestedImage } from "./request-images.ts";

/** The element that copies files of a document into an image. */
const agentElement = "kanod-configure";

/** What goes into an image besides its elements, and what is wrong with it. */
export async function imageFiles(
  image: RequestedImage,
): Promise<{ files: Map<string, ImageFileContent>; problems: Problem[] }> {
  const { layers } = image;
  const problems: Problem[] = [];
  const files = new Map<string, ImageFileContent>();
  const put = (path: string, text: string, mode = 0o644): void => void files.set(`files${path}`, { text, mode });
  put("/etc/kanod-configure/image.yaml", documentCopy(image));
  const configuration = lastOf(layers, "configuration");
  if (configuration !== undefined) {
    put(configurationPath, stringify(configuration.value), 0o600);
  }
  const networking = lastOf(layers, "networking");
  if (networking !== undefined) {
    put("/etc/cloud/cloud.cfg.d/99-kanod-network.cfg", stringify({ network: networking.value }), 0o600);
  }
  for (const layer of layers) problems.push(...(await addRepositories(layer, files)));
  if (image.plan.elements.includes(agentElement)) return { files, problems };
  for (const key of ["configuration", "networking"] as const) {
    const said = lastOf(layers, key);
    if (said !== undefined) problems.push(needsAgent(said.layer, [key]));
  }
  const repositories = layers.filter(({ part }) => (part.software?.repositories ?? []).length > 0);
  return {
    files: new Map(),
    problems: [...problems, ...repositories.map((layer) => needsAgent(layer, ["software", "repositories"]))],
  };
}

function needsAgent(layer: Layer, path: readonly string[]): Problem {
  const message = `${shown(path.join("."))} needs the element ${shown(agentElement)}, which the image does not have`;
  return layer.problem(path, "needs-agent", message, { hint: "add the module `core`", at: "key" });
}

/** Files for apt (sources.list(5), deb822) or, for distributions with RPM, for dnf and zypper (dnf.conf(5)). */
async function addRepositories(layer: Layer, files: Map<string, ImageFileContent>): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const [index, repository] of (layer.part.software?.repositories ?? []).entries()) {
    const { name, suite, keyFileName } = repository;
    const path = keyFileName === undefined ? undefined : resolve(layer.folder, keyFileName);
    const key = path === undefined ? undefined : await readText(path).catch(() => undefined);
    if (path !== undefined && key === undefined) {
      const at = ["software", "repositories", index, "keyFileName"];
      problems.push(layer.problem(at, "missing-input", `there is no file ${shown(path)}`));
    }
    const text = suite === undefined ? rpmRepository(repository) : debianRepository(repository, key);
    files.set(`repositories/${name}.${suite === undefined ? "repo" : "sources"}`, { text, mode: 0o644 });
    if (suite === undefined && key !== undefined)
      files.set(`repositories/keys/${name}.asc`, { text: key, mode: 0o644 });
  }
  return problems;
}

function debianRepository({ url, suite, components = ["main"] }: Repository, key: string | undefined): string {
  // A key may stand in the file itself: each line indented, empty ones as a dot.
  const lines = key
    ?.trimEnd()
    .split("\n")
    .map((line) => ` ${line.trim() === "" ? "." : line}\n`);
  const signed = lines === undefined ? "" : `Signed-By:\n${lines.join("")}`;
  return `Types: deb\nURIs: ${url}\nSuites: ${suite}\nComponents: ${components.join(" ")}\n${signed}`;
}

function rpmRepository({ name, url, keyFileName }: Repository): string {
  const key = keyFileName === undefined ? "" : `gpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/${name}.asc\n`;
  return `[${name}]\nname=${name}\nbaseurl=${url}\nenabled=1\n${key}`;
}

const hidden = "(secret)";

/**
 * What the document says of this one image, for people who find it in the image. Values of secret options, and what holds
 * them, are left out; so are the configurations, which stand where the machine reads them.
 */
export function documentCopy({
  name,
  modules,
  layers,
  resolution,
  plan,
  outputs,
  combination,
}: RequestedImage): string {
  const { vars, flags, secret } = resolution.options;
  const loaded = modules.slice(0, modules.length - layers.length);
  const files = layers.map((layer) => layer.source([]).file);
  const own = resolution.variables.filter(({ origin }) => files.includes(origin.source?.file ?? ""));
  const given = new Set([...layers.flatMap(({ part }) => Object.keys(part.options ?? {})), ...combination.keys()]);
  const spec = {
    modules: loaded.map((module) => module.name),
    options: Object.fromEntries(
      [...vars].filter(([key]) => given.has(key)).map(([key, value]) => [key, secret.has(key) ? hidden : value]),
    ),
    flags: [...flags],
    elements: layers.flatMap(({ part }) => part.elements ?? []),
    packages: layers.flatMap(({ part }) => [...(part.packages ?? []), ...(part.software?.packages ?? [])]),
    env: Object.fromEntries(own.map((each) => [each.name, each.secret ? hidden : each.value])),
    architecture: plan.architecture,
    storage: lastOf(layers, "storage")?.value,
    outputs: outputs.map(({ action, format, fileName }) => ({ action, format, fileName })),
  };
  const present = Object.entries(spec).filter(([, value]) => value !== undefined && !isEmpty(value));
  const header = "# The document that this image was built from, without secrets. Written by kanod-image-builder.\n";
  const value = {
    apiVersion: "kanod.io/v1alpha1",
    kind: "ImageBuild",
    metadata: { name },
    spec: Object.fromEntries(present),
  };
  return header + stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : typeof value === "object" && Object.keys(value ?? {}).length === 0;
}
