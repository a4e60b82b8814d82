/** User-data in many forms, to be compared with what cloud-init makes of it. */
const path = "/etc/kanod-configure/configuration.yaml";

function files(...content: string[]): string {
  return `write_files:\n- path: ${path}\n  permissions: "0600"\n  content: |\n${content.map((line) => `    ${line}\n`).join("")}`;
}

const ours = `#cloud-config\n${files("name: node1")}runcmd:\n- kanod-runcmd\n`;
const other = "#cloud-config\nwrite_files:\n- {path: /etc/motd, content: a}\nruncmd: [echo]\n";
const jinja = (text: string): string => `## template: jinja\n${text}`;
const inJinja = (...content: string[]): string => jinja(`#cloud-config\n${files(...content)}runcmd:\n- kanod-runcmd\n`);

function message(...parts: { type?: string; headers?: string; body: string }[]): string {
  const texts = parts.map(({ type = "text/cloud-config", headers = "", body }) => {
    return `--b\nContent-Type: ${type}\n${headers}\n${body}\n`;
  });
  return `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n${texts.join("")}--b--\n`;
}

const archive = (...bodies: string[]): string =>
  `#cloud-config-archive\n${bodies.map((body) => `- ${JSON.stringify(body)}\n`).join("")}`;

const mergers = [
  "list()+dict()+str()",
  "list(append)+dict(recurse_list)+str()",
  "list(append)+dict(no_replace,recurse_list)+str()",
  "list(prepend)+dict(no_replace,recurse_array)",
  "dict(replace)+list(append)",
  "dict(recurse_list)+list(no_replace)",
  "list(append)",
  "dict(allow_delete,recurse_list)+list(append)",
];

const good: Record<string, string> = {
  plain: ours,
  "a blank line first": `\n${ours}`,
  "two parts, ours last": message({ body: other }, { body: ours }),
  "a part of plain text": message({ type: "text/plain", body: ours }),
  "an archive": archive(ours),
  "an archive without header": archive(ours.replace("#cloud-config\n", "")),
  Jinja: inJinja("name: {{ v1.local_hostname }}"),
  "Jinja with statements in the first column": inJinja("name: node1").replace(
    "runcmd:",
    "{% if v1.region == 'r' %}\nntp: {enabled: true}\n{% endif %}\nruncmd:",
  ),
  "Jinja that strips": inJinja("name: node1", "{%- if v1.region == 'r' %}", "mtu: 5", "{%- endif %}"),
  "Jinja in a part of its type": message({ type: "text/jinja2", body: inJinja("name: node1") }),
  "Jinja in plain text of a message": message({ type: "text/plain", body: inJinja("name: node1") }),
  "a literal of Jinja": inJinja("name: {{ 'node1' }}"),
  "a command of words": ours.replace("- kanod-runcmd", "- [kanod-runcmd]"),
  "octal numbers": ours.replace('"0600"', "0600"),
  "mime-version in the text": ours.replace("runcmd:", "# mime-version: 1.0\nruncmd:"),
};

const others: Record<string, string> = {
  "a byte-order mark": `\ufeff${ours}`,
  "no header": ours.replace("#cloud-config", "# config"),
  "two parts, ours first": message({ body: ours }, { body: other }),
  "an archive, ours first": archive(ours, other),
  "plain text of an archive": `#cloud-config-archive\n- type: text/plain\n  content: ${JSON.stringify(ours.replace("#cloud-config\n", ""))}\n`,
  "a message without version": message({ body: ours }).replace("MIME-Version: 1.0\n", ""),
  "a message behind a blank line": `\n${message({ body: ours })}`,
  "a wrong header of Jinja": inJinja("name: node1").replace("## ", "##"),
  "a blank line before Jinja": `\n${inJinja("name: node1")}`,
  "more behind the header of Jinja": inJinja("name: node1").replace("jinja", "jinja 2"),
  "an archive in Jinja": jinja(archive(ours)),
  "indented statements": inJinja("name: node1", "{% if v1.region == 'r' %}", "mtu: 5", "{% endif %}"),
  "an inline statement": inJinja("name: node1").replace(
    "- kanod-runcmd",
    "- echo {% if v1 %}a{% endif %}\n- kanod-runcmd",
  ),
  "a stray statement": inJinja("name: node1").replace("- kanod-runcmd", "- printf '{%s}'\n- kanod-runcmd"),
  "a stray comment": inJinja("name: node1").replace("- kanod-runcmd", "- echo {#\n- kanod-runcmd"),
  "an empty value": inJinja("name: node1").replace("- kanod-runcmd", "- echo {{ }}\n- kanod-runcmd"),
  "a tab": ours.replace("permissions: ", "permissions:\t"),
  "a key with a hyphen": ours.replace("write_files", "write-files"),
  "a mapping as a command": ours.replace("- kanod-runcmd", "- echo: a\n- kanod-runcmd"),
  "a number as a command": ours.replace("- kanod-runcmd", "- 5\n- kanod-runcmd"),
  "a list": "#cloud-config\n- kanod-runcmd\n",
  ...Object.fromEntries(
    mergers.map((how) => [`ours first, ${how}`, message({ body: ours }, { body: `${other}merge_how: ${how}\n` })]),
  ),
  ...Object.fromEntries(
    mergers.map((how) => [`ours last, ${how}`, message({ body: other }, { body: `${ours}merge_how: ${how}\n` })]),
  ),
  ...Object.fromEntries(
    mergers.map((how) => [
      `by a header, ${how}`,
      message({ body: ours }, { headers: `X-Merge-Type: ${how}\n`, body: other }),
    ]),
  ),
};

others["a way to merge that is none"] = message({ body: other }, { body: `${ours}merge_how: append\n` });

export const deliveries: readonly { name: string; text: string; isGood: boolean }[] = [
  ...Object.entries(good).map(([name, text]) => ({ name, text, isGood: true })),
  ...Object.entries(others).map(([name, text]) => ({ name, text, isGood: false })),
];
