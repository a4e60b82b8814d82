import { join } from "node:path";
import { AgentError } from "../config/agent-error.ts";
import { type ElementNames, elementFiles, type NewElementOptions } from "./new-element-files.ts";
import {
  fileFault,
  listFolder,
  machine,
  makeFolder,
  makeLink,
  packageFolder,
  packageFolderOf,
  pathKind,
  readManifest,
  writeText,
} from "./workspace.ts";

/** Names as diskimage-builder's own elements have them. */
const elementName = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/**
 * The names that a new element has in its files.
 *
 * @throws AgentError `bad-element-name` (usage error)
 */
export function elementNames(name: string): ElementNames {
  if (!elementName.test(name)) {
    const hint = "small letters and digits, in words with - between them, such as kanod-hello";
    throw new AgentError("bad-element-name", `"${name}" is no name for an element`, { exitCode: 2, hint });
  }
  const words = name.replace(/^kanod-/, "").split("-");
  const [first = "", ...others] = words;
  return {
    element: name,
    key: words.join("_"),
    contribution: [first.charAt(0).toUpperCase() + first.slice(1), ...others].join(" "),
  };
}

/**
 * Writes a new element that compiles, validates its example and passes its test as it is.
 *
 * @throws AgentError `not-empty` where the folder has something in it, `cannot-write` where it cannot be written
 */
export async function writeElement(folder: string, names: ElementNames, options: NewElementOptions): Promise<void> {
  try {
    await write(folder, names, options);
  } catch (error) {
    const fault = fileFault(error);
    throw fault === undefined ? error : new AgentError("cannot-write", fault, { cause: error });
  }
}

async function write(folder: string, names: ElementNames, options: NewElementOptions): Promise<void> {
  const kind = await pathKind(folder);
  if (kind !== "none" && (kind !== "folder" || (await listFolder(folder))?.length !== 0)) {
    throw new AgentError("not-empty", `${folder} is there already, and not an empty folder`);
  }
  const { version } = await readManifest(packageFolder);
  await makeFolder(folder);
  for (const [path, text] of Object.entries(elementFiles(names, version, options))) {
    await writeText(join(folder, path), text);
  }
  await linkPackage(folder);
}

/** Lets tests run at once, without a network: with this package, and with the Node that it brings. */
async function linkPackage(folder: string): Promise<void> {
  const modules = join(folder, "node_modules");
  const runtime = packageFolderOf(`node-linux-${machine.arch}`);
  await makeLink(packageFolder, join(modules, "kanod-configure"));
  const node = runtime === undefined ? machine.nodeFile : join(runtime, "bin", "node");
  await makeLink(node, join(modules, ".bin", "node"));
}
