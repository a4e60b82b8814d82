import { exampleOf } from "./example.ts";
import { highlightYaml } from "./highlight.ts";
import { blocksHtml, escapeHtml, inlineHtml } from "./inline.ts";
import { flattened, remarks, shortExample } from "./markdown.ts";
import type { Entry, Manual, Section } from "./model.ts";
import { pageScript, pageStyle } from "./page.ts";

/** The manual as one page that needs nothing else: it can be read from a file, searched, and printed. */
export async function manualHtml(manual: Manual): Promise<string> {
  const { title, description, sections } = manual;
  const bodies = await Promise.all(sections.map(sectionHtml));
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<h1>${escapeHtml(title)}</h1>
<search hidden>
<label for="search">Search</label>
<input id="search" type="search" autocomplete="off" spellcheck="false" placeholder="key or word, press /">
<output for="search" aria-live="polite"></output>
</search>
</header>
<nav aria-label="Contents">
<details open>
<summary>Contents</summary>
${contents(sections)}
</details>
</nav>
<main id="content" tabindex="-1">
<div class="about">${blocksHtml(description)}</div>
${bodies.join("\n")}
</main>
<script>${pageScript}</script>
</body>
</html>
`;
}

function contents(sections: readonly Section[]): string {
  const list = (wanted: readonly Section[]): string =>
    `<ul>${wanted.map((section) => `<li><a href="#${anchor(section)}">${escapeHtml(section.name)}</a></li>`).join("")}</ul>`;
  const shared = sections.filter(({ isDefinition }) => isDefinition);
  const keys = sections.filter(({ isDefinition }) => !isDefinition);
  return list(keys) + (shared.length === 0 ? "" : `<p>Used in several places</p>${list(shared)}`);
}

async function sectionHtml(section: Section): Promise<string> {
  const { name, isDefinition, entry } = section;
  const id = anchor(section);
  const example = isDefinition ? undefined : await exampleOf(name, entry);
  const code = example === undefined ? "" : `<pre tabindex="0"><code>${highlightYaml(example)}</code></pre>`;
  const rows = flattened(entry.entries).map((each) => entryHtml(each, isDefinition));
  return `<section aria-labelledby="${id}">
<h2 id="${id}"><a href="#${id}">${escapeHtml(name)}</a></h2>
<div class="key">${kind(entry)}${blocksHtml(entry.description)}${notes(entry)}</div>
${code}
${rows.length === 0 ? "" : `<dl>${rows.join("\n")}</dl>`}
</section>`;
}

function entryHtml(entry: Entry, isDefinition: boolean): string {
  const id = `${isDefinition ? "definition-" : ""}${entry.path}`.replace(/\s/g, "_");
  const example = shortExample(entry);
  return `<div class="entry" id="${escapeHtml(id)}">
<dt><a href="#${escapeHtml(encodeURI(id))}">${breakable(entry.path)}</a></dt>
<dd>${kind(entry)}${blocksHtml(entry.description)}${notes(entry)}${example === "" ? "" : `<p>${inlineHtml(example)}</p>`}</dd>
</div>`;
}

function kind(entry: Entry): string {
  const required = entry.required ? ' <strong class="required">required</strong>' : "";
  return `<p class="kind">${inlineHtml(entry.type)}${required}</p>`;
}

function notes(entry: Entry): string {
  const said = remarks({ ...entry, required: false }).map(inlineHtml);
  const links = entry.definitions.map(
    (name) => `see <a href="#definition-${escapeHtml(name)}">${escapeHtml(name)}</a>`,
  );
  const all = [...said, ...links];
  return all.length === 0 ? "" : `<p class="notes">${all.join("; ")}</p>`;
}

/** A path may be broken before each of its names. */
function breakable(path: string): string {
  return escapeHtml(path).replaceAll(".", "<wbr>.");
}

function anchor({ name, isDefinition }: Section): string {
  return escapeHtml(isDefinition ? `definition-${name}` : name);
}
