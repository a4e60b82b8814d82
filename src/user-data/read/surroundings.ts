import type { DocumentKind } from "../../config/checked-file.ts";
import { isMapping } from "../../config/mapping.ts";
import { configurationPath } from "../../config/paths.ts";
import type { Bootstrap, Container, PlacedCall, ScriptedFile, WrittenFile } from "./bootstrap.ts";
import type { ScriptData } from "./command-data.ts";
import type { Inspection } from "./inspection.ts";
import { checkPermissions } from "./permissions.ts";
import type { Place, PlacedText } from "./placed-text.ts";
import type { Program } from "./program-words.ts";
import { checkInBlock } from "./rendering.ts";
import { isUnknown } from "./templates.ts";
import { writtenContent } from "./written-file.ts";

const systemPath = "/etc/kanod-configure/system.yaml";

/** Finds our documents in what a machine is told, and what is wrong around them. */
export function inspectBootstrap(inspection: Inspection, bootstrap: Bootstrap): void {
  const paths = new Set([configurationPath, ...bootstrap.calls.flatMap(givenPaths)]);
  const files = wholeFiles([...bootstrap.files, ...bootstrap.scripted]);
  const configurations = files.filter(({ path }) => paths.has(normalized(path)));
  const misplaced = configurations.length > 0 ? [] : files.filter(({ path }) => isMisplaced(path));
  const runcmd = bootstrap.calls.filter(({ program }) => program === "kanod-runcmd");
  const bootcmd = bootstrap.calls.filter(({ program }) => program === "kanod-bootcmd");
  for (const file of bootstrap.files) {
    // Each piece sets the mode of the whole file again.
    if (isAppended(file) && paths.has(normalized(file.path))) checkPermissions(file);
  }
  for (const file of misplaced) reportWrongPath(inspection, file, runcmd.length > 0);
  for (const file of [...configurations, ...misplaced]) {
    inspectFile(inspection, files, file, "configuration", (value) => {
      const isCalled = bootcmd.length > 0 || bootstrap.isOpen || isNamedInFiles(bootstrap, "kanod-bootcmd");
      if (!isCalled) reportMissingBootcmd(inspection, file, value);
    });
  }
  for (const file of files) if (normalized(file.path) === systemPath) inspectFile(inspection, files, file, "system");
  for (const call of bootstrap.calls) inspectCall(inspection, files, call);
  if (bootstrap.isOpen) return;
  const [first] = configurations;
  if (first !== undefined && runcmd.length === 0 && !isNamedInFiles(bootstrap, "kanod-runcmd")) {
    reportMissingRuncmd(inspection, bootstrap, first);
  }
  const [call] = runcmd;
  if (call !== undefined && configurations.length + misplaced.length === 0 && !readsStdin(call)) {
    const message = `\`kanod-runcmd\` is called, but ${configurationPath} is not written here`;
    const hint = "this is right only where the image brings a configuration";
    inspection.report("note", "missing-configuration", call.name.place(0, call.name.text.length), message, { hint });
  }
}

/** A file on the machine, whoever writes it. */
type AnyFile = WrittenFile | ScriptedFile;

/** What is written in pieces is not known. */
function wholeFiles(files: readonly AnyFile[]): AnyFile[] {
  const inPieces = new Set(files.filter(isAppended).map(({ path }) => normalized(path)));
  if (inPieces.size === 0) return [...files];
  const whole = files.filter(({ path }) => !inPieces.has(normalized(path)));
  const firsts = [...inPieces].flatMap((path) => files.find((file) => normalized(file.path) === path) ?? []);
  const unknown = firsts.map(({ container, path, pathPlace, pointer }): ScriptedFile => {
    return { container, path, pathPlace, pointer, content: { kind: "unknown" }, appends: true };
  });
  return [...whole, ...unknown];
}

function isAppended(file: AnyFile): boolean {
  if (!("entry" in file)) return file.appends;
  const { append } = file.entry;
  return append === true || append === 1 || (typeof append === "string" && /^(?:true|1|on|yes)$/i.test(append));
}

/** Whether a file that is written, such as a script or a unit, may call the program when something else calls it. */
function isNamedInFiles({ files }: Bootstrap, program: Program): boolean {
  return files.some(({ path, entry }) => {
    const { content } = entry;
    return normalized(path) !== configurationPath && typeof content === "string" && content.includes(program);
  });
}

function inspectFile(
  inspection: Inspection,
  files: readonly AnyFile[],
  file: AnyFile,
  kind: DocumentKind,
  around: (value: unknown) => void = () => {},
): void {
  if (!("entry" in file)) {
    const { content } = file;
    // Not the copy of a copy: they might be copies of each other.
    const original =
      content.kind === "file" ? files.find((each) => isAt(each, content.path) && !isCopy(each)) : undefined;
    if (original !== undefined) inspectFile(inspection, files, original, kind, around);
    else inspectData(inspection, { ...file, place: file.pathPlace, name: file.path }, content, kind, around);
    return;
  }
  if (kind === "configuration") checkPermissions(file);
  const content = writtenContent(file);
  if (content === undefined) return;
  const { isConditional } = file.container;
  const place = content.text.place(0, 1);
  if (file.container.dialect === "cloud-init" && !file.container.templates.includes("jinja")) {
    reportUnfilled(inspection, content.text);
  }
  if (file.container.dialect === "kubeadm" && content.templates.includes("jinja")) {
    checkInBlock(inspection, content.text);
  }
  inspection.documents.push({ kind, ...content, isConditional, place, around });
}

/** What cloud-init's templates know: https://docs.cloud-init.io/en/latest/explanation/instancedata.html */
const instanceData =
  /\{\{-?\s*(?:v1|ds|merged_cfg|sys_info|local_hostname|instance_id|cloud_name|region|availability_zone|platform|distro|hostname)\b[^{}]*\}\}/;

function reportUnfilled(inspection: Inspection, { text, place }: PlacedText): void {
  const found = instanceData.exec(text);
  if (found === null) return;
  const message = "cloud-init does not fill in this template: it stays as it is";
  const hint = "the first line of the user-data must be `## template: jinja`";
  const at = place(found.index, found.index + found[0].length);
  inspection.report("warning", "unfilled-template", at, message, { hint });
}

function isAt({ path }: AnyFile, wanted: string): boolean {
  return normalized(path) === normalized(wanted);
}

function isCopy(file: AnyFile): boolean {
  return !("entry" in file) && file.content.kind === "file";
}

function inspectCall(inspection: Inspection, files: readonly AnyFile[], call: PlacedCall): void {
  const { program, name, stage, arguments: words } = call;
  const place = name.place(0, name.text.length);
  if (words.every(({ text, expands }) => !expands && !isUnknown(text.text))) {
    inspection.calls.push({ program, name, arguments: words.map(({ text }) => text) });
  }
  if (program === "kanod-runcmd" && stage === "bootcmd") {
    const message = "`kanod-runcmd` in `bootcmd` runs before the configuration is written";
    inspection.report("error", "wrong-stage", place, message, { hint: "call it in `runcmd`" });
  }
  if (program === "kanod-bootcmd" && stage === "runcmd") {
    const message = "`kanod-bootcmd` in `runcmd` runs late, and on the first boot only";
    inspection.report("warning", "wrong-stage", place, message, { hint: "call it in `bootcmd`" });
  }
  reportUnguarded(inspection, call);
  if (program === "kanod-bootcmd") inspectInput(inspection, files, call, "boot");
  else if (readsStdin(call)) inspectInput(inspection, files, call, "configuration");
}

/** kubeadm's provider calls kubeadm behind the commands, whatever became of them. */
function reportUnguarded(inspection: Inspection, call: PlacedCall): void {
  const { program, stage, afterFailure, name, container, pointer } = call;
  if (program !== "kanod-runcmd" || stage === "bootcmd" || afterFailure === "stops") return;
  const joins = container.dialect === "kubeadm" && stage === "runcmd" && !/\/post[^/]*\/\d+$/i.test(pointer);
  if (afterFailure === "ends" && !joins) return;
  const next = afterFailure === "ends" ? "the node joins the cluster" : "the commands after it are run";
  const message = `${next} even if \`kanod-runcmd\` fails`;
  const hint = "write `kanod-runcmd || exit 1`";
  inspection.report("warning", "unguarded-call", name.place(0, name.text.length), message, { hint });
}

function inspectInput(
  inspection: Inspection,
  files: readonly AnyFile[],
  call: PlacedCall,
  kind: "boot" | "configuration",
): void {
  const { name, program, input } = call;
  if (input === undefined) return;
  const place = name.place(0, name.text.length);
  if (input.kind === "file") inspectInputFile(inspection, files, call, input.path, kind);
  else inspectData(inspection, { ...call, place, name: `what \`${program}\` reads` }, input, kind);
}

/** Where something stands in a script, and what a message calls it. */
interface ScriptPlace {
  container: Container;
  pointer: string;
  place: Place;
  name: string;
}

function inspectData(
  inspection: Inspection,
  { container, pointer, place, name }: ScriptPlace,
  data: ScriptData,
  kind: DocumentKind,
  around: (value: unknown) => void = () => {},
): void {
  if (data.kind === "unknown" || data.kind === "file") {
    inspection.report("note", "not-checked", place, `${name} is known only on the machine`);
  } else if (data.kind === "fault") {
    const at = data.text.place(0, data.text.text.length);
    inspection.report("error", "bad-encoding", at, `${name} cannot be unpacked: ${data.reason}`);
  } else {
    const { text, expands, isComplete, isPacked } = data;
    if (!isComplete) {
      const message = "the line that ends this here-document is missing";
      const hint = "it stands alone on its line, without blanks before it";
      inspection.report("error", "here-document-end", place, message, { hint });
    }
    const given = isPacked === true ? [] : container.templates;
    const templates = expands ? [...given, "shell" as const] : given;
    const { isConditional, prefix } = container;
    const found = { kind, pointer: `${prefix}${pointer}`, text, templates, isConditional, place: text.place(0, 1) };
    inspection.documents.push({ ...found, around });
  }
}

function inspectInputFile(
  inspection: Inspection,
  files: readonly AnyFile[],
  call: PlacedCall,
  path: string,
  kind: "boot" | "configuration",
): void {
  const place = call.name.place(0, call.name.text.length);
  const file = files.find((each) => isAt(each, path));
  if (file === undefined) {
    inspection.report("note", "not-checked", place, `\`${call.program}\` reads ${path}, which is not written here`);
    return;
  }
  if (call.stage === "bootcmd" && "entry" in file) {
    const message = `${path} is written after \`bootcmd\` has run: on the first boot it is missing`;
    inspection.report("error", "written-too-late", place, message, { hint: "use a here-document instead" });
  }
  inspectFile(inspection, files, file, kind);
}

/** A configuration that is written where nothing reads it. */
function isMisplaced(path: string): boolean {
  const at = normalized(path);
  if (at === systemPath) return false;
  const [folder, name] = [at.slice(0, at.lastIndexOf("/")), at.slice(at.lastIndexOf("/") + 1)];
  if (folder === "/etc/kanod-configure") return /^conf.*\.ya?ml$/.test(name);
  return /kanod/.test(folder) && /^(?:configuration|config)\.ya?ml$/.test(name);
}

function reportWrongPath(inspection: Inspection, file: AnyFile, isCalled: boolean): void {
  const message = `nothing reads ${file.path}: \`kanod-runcmd\` reads ${configurationPath}`;
  const hint = `write ${configurationPath}, or call \`kanod-runcmd --config ${file.path}\``;
  inspection.report(isCalled ? "error" : "warning", "wrong-path", file.pathPlace, message, { hint });
}

/** The images that we build call it themselves, unless the user-data has commands of its own. */
function reportMissingRuncmd(inspection: Inspection, { replacesCommands }: Bootstrap, { pathPlace }: AnyFile): void {
  const [message, hint] = replacesCommands
    ? [
        "nothing calls `kanod-runcmd`: this configuration will not be applied",
        "add it to the commands: `- kanod-runcmd`",
      ]
    : [
        "nothing here calls `kanod-runcmd`: only an image that does it itself applies this configuration",
        "images of kanod-image-builder do; for others add `runcmd: [kanod-runcmd]`",
      ];
  inspection.report("warning", "missing-runcmd", pathPlace, message, { hint });
}

function reportMissingBootcmd(inspection: Inspection, file: AnyFile, value: unknown): void {
  const boot = isMapping(value) ? value["boot"] : undefined;
  if (!isMapping(boot) || Object.keys(boot).length === 0) return;
  const message =
    "the configuration has a `boot` part, but nothing calls `kanod-bootcmd`, which reads it from its standard input";
  inspection.report("warning", "missing-bootcmd", file.pathPlace, message, {
    hint: "add a here-document with this part to `bootcmd`",
  });
}

function readsStdin(call: PlacedCall): boolean {
  return optionValues(call).includes("-");
}

function givenPaths(call: PlacedCall): string[] {
  return optionValues(call).filter((value) => value.startsWith("/"));
}

/** Values of `--config`. */
function optionValues({ program, arguments: words }: PlacedCall): string[] {
  if (program !== "kanod-runcmd") return [];
  const texts = words.map(({ text }) => text.text);
  return texts.flatMap((text, index) => {
    if (text.startsWith("--config=")) return [text.slice("--config=".length)];
    const next = texts[index + 1];
    return text === "--config" && next !== undefined ? [next] : [];
  });
}

function normalized(path: string): string {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  return `/${names.join("/")}`;
}
