import { basename, join } from "node:path";
import { listFolder, type PackageManifest, packageFolder, readManifest, readText } from "./workspace.ts";

/** How the file is called that lies beside an agent. */
export const noticesName = "THIRD-PARTY-NOTICES";

/** Its copy for what is in every agent, made when this package is built. */
export const agentNotices: string = join(packageFolder, "dist", noticesName);

/** Files of npm packages that want to go along with them. */
const legalFile = /^(?:licen[sc]e|copying|copyright|notice)/i;
/** Node takes a folder without a readable package.json for a package, too. */
const nameless: Partial<PackageManifest> = {};
const separator = `\n\n${"-".repeat(80)}\n\n`;

/**
 * Names, versions, licences and copyright notices of npm packages.
 *
 * @param folders of the packages
 */
export async function noticesOf(folders: readonly string[]): Promise<string> {
  return joinNotices(await Promise.all(folders.map(noticeOf)));
}

/** One text of several; what is the same in them is in there once. */
export function joinNotices(texts: readonly string[]): string {
  const notices = texts.flatMap((text) => text.trim().split(separator));
  return `${[...new Set(notices)].sort().join(separator)}\n`;
}

async function noticeOf(folder: string): Promise<string> {
  const { name = basename(folder), version, license } = await readManifest(folder).catch(() => nameless);
  const details = [version, typeof license === "string" ? `(${license})` : undefined];
  const title = [name, ...details].filter((detail) => detail !== undefined).join(" ");
  return [title, ...(await legalTexts(folder))].join("\n\n");
}

async function legalTexts(folder: string): Promise<string[]> {
  const files = (await listFolder(folder)) ?? [];
  const own = files.filter(({ name, kind }) => kind === "file" && legalFile.test(name));
  if (own.length > 0) return Promise.all(own.map(async ({ name }) => readTidy(join(folder, name))));
  // Some packages say it at the end of their README only.
  const readme = files.find(({ name, kind }) => kind === "file" && /^readme/i.test(name));
  const text = readme === undefined ? "" : await readTidy(join(folder, readme.name));
  const section = text.search(/^(?:#+ *licen[sc]e\b.*|licen[sc]e\n[-=]+)$/im);
  return section === -1 ? [] : [text.slice(section)];
}

async function readTidy(file: string): Promise<string> {
  return ((await readText(file)) ?? "").replaceAll("\r\n", "\n").trim();
}
