/** Text as HTML shows it. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** What descriptions have of Markdown: code, links, addresses. The rest is text. */
const marks = /(`+)(.+?)\1(?!`)|\[([^\]]+)\]\(([^)\s]+)\)|(https?:\/\/[^\s<>()]*[^\s<>().,;:])/gs;

/** A line of Markdown as HTML. */
export function inlineHtml(markdown: string): string {
  let html = "";
  let copied = 0;
  for (const { 0: whole, 2: code, 3: label, 4: target, 5: url, index } of markdown.matchAll(marks)) {
    html += escapeHtml(markdown.slice(copied, index));
    copied = index + whole.length;
    if (code !== undefined) html += `<code>${escapeHtml(code.trim())}</code>`;
    else if (label !== undefined) html += link(target ?? "", escapeHtml(label));
    else html += link(url ?? "", escapeHtml(url ?? ""));
  }
  return html + escapeHtml(markdown.slice(copied));
}

/** A schema may come from anywhere: it gets no script into the page. */
function link(target: string, label: string): string {
  return /^(?:https?:|#)/.test(target) ? `<a href="${escapeHtml(target)}">${label}</a>` : label;
}

/** A description as paragraphs and lists. */
export function blocksHtml(markdown: string): string {
  const blocks = markdown.split(/\n\s*\n/).filter((block) => block.trim() !== "");
  return blocks.map(blockHtml).join("\n");
}

function blockHtml(block: string): string {
  const lines = block.trim().split("\n");
  if (!lines.every((line) => /^(?:[-*] |\s+\S)/.test(line))) return `<p>${inlineHtml(lines.join(" "))}</p>`;
  const items = block.trim().split(/\n(?=[-*] )/);
  return `<ul>${items.map((item) => `<li>${inlineHtml(item.slice(2).replace(/\s*\n\s*/g, " "))}</li>`).join("")}</ul>`;
}
