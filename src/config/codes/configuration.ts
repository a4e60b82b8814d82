/** The text of a document and its YAML. */
export const yamlCodes = {
  "input-too-large": {
    meaning: "The input is larger than 16 MiB, or has more than 500000 keys, values and signs.",
    remedy: "Remove what is not configuration.",
  },
  "not-utf8": {
    meaning: "The file contains a byte that is not valid UTF-8.",
    remedy: "Save the file in UTF-8.",
    example: "name: caf\u00e9",
  },
  "control-character": {
    meaning: "The text contains a character that YAML allows only as an escape.",
    remedy: 'Remove it, or write it as an escape (such as `"\\u001B"`) in a double-quoted string.',
  },
  "yaml-syntax": {
    meaning: "The text is not valid YAML.",
    remedy: "Correct the place that the message shows: usually indentation, a missing `:` or missing quotes.",
    example: "admin: {username: ops",
  },
  "duplicate-key": {
    meaning: "A mapping has the same key twice.",
    remedy: "Remove one of the two.",
    example: "name: node-1\nname: node-2",
  },
  "key-not-scalar": {
    meaning: "A mapping, a list or an alias is used as a key.",
    remedy: "Use a string as the key. A value that begins with `{` or `[` needs quotes.",
    example: "name: node-1\n{{ site }}: paris",
  },
  "unknown-tag": {
    meaning: "A tag such as `!foo` or `!!binary` is unknown, or does not fit the value.",
    remedy: "Remove the tag. A value that begins with `!` needs quotes.",
    example: "name: !hostname node-1",
  },
  "unresolved-alias": {
    meaning: "No anchor `&name` precedes the alias `*name`.",
    remedy: "Define the anchor first. A value that begins with `*` needs quotes.",
    example: "name: *node",
  },
  "circular-alias": {
    meaning: "An alias is used inside its own anchor.",
    remedy: "Write out the value instead of the alias.",
    example: "name: node-1\nadmin: &admin {keys: *admin}",
  },
  "alias-bomb": {
    meaning: "The aliases expand to more than 100000 values.",
    remedy: "Use fewer aliases.",
  },
  "bad-merge": {
    meaning: "The value of a merge key (`<<`) is neither a mapping nor a list of mappings.",
    remedy: "Merge a mapping, or a list of mappings.",
    example: "name: node-1\nadmin:\n  <<: ops",
  },
  "too-deep": {
    meaning: "Mappings and lists are nested more than 100 levels deep.",
    remedy: "Flatten the document.",
  },
  "several-documents": {
    meaning: "A second document begins where only one is expected.",
    remedy: "Remove the line `---` between them.",
    example: "name: node-1\n---\nname: node-2",
  },
  "not-a-mapping": {
    meaning: "The document is empty, a list or a single value.",
    remedy: "Write `key: value`, one pair per line.",
    example: "- node-1",
  },
  "too-many-problems": {
    meaning: "The text has more than 1000 faults; the rest are not listed.",
    remedy: "Correct the first ones, then check again.",
    severity: "note",
  },
} as const;

/** The data against a schema. */
export const dataCodes = {
  "unknown-key": {
    meaning: "The schema has no such key here.",
    remedy: "Correct the spelling; a similar key is suggested where there is one.",
    example: "naem: node-1",
  },
  "missing-key": {
    meaning: "A required key is missing. The position is that of the mapping.",
    remedy: "Add the key.",
    example: "timezone: Europe/Paris",
  },
  "exclusive-keys": {
    meaning: "Keys are combined of which only one is allowed.",
    remedy: "Keep one of them.",
  },
  "bad-key": {
    meaning: "A key does not have an allowed form.",
    remedy: "Correct the key.",
  },
  "wrong-type": {
    meaning: "The value has another type than the schema asks for. Values are never converted.",
    remedy: "Add or remove quotes, or write a value of the type that the message names.",
    example: "name: node-1\nadmin: {keys: ssh-ed25519}",
  },
  "not-in-enum": {
    meaning: "The value is not one of the allowed values.",
    remedy: "Use one of the values that the message lists.",
    example: "name: node-1\nnetwork:\n  version: 2\n  renderer: ifupdown",
  },
  "bad-format": {
    meaning: "The string is not a valid URI, host name, address or other named format.",
    remedy: "Write it in the format that the message names.",
  },
  pattern: {
    meaning: "The string does not match the schema's regular expression.",
    remedy: "Write it like the example in the message.",
  },
  "too-small": { meaning: "The number is below its minimum.", remedy: "Use a larger number." },
  "too-large": {
    meaning: "The number is above its maximum.",
    remedy: "Use a smaller number.",
    example: "name: node-1\nnetwork:\n  version: 2\n  ethernets: {eth0: {mtu: 100000000000}}",
  },
  "not-a-multiple": {
    meaning: "The number is not a multiple of the one that the schema names.",
    remedy: "Use a multiple of it.",
  },
  "too-short": { meaning: "The string has too few characters.", remedy: "Use a longer string." },
  "too-long": { meaning: "The string has too many characters.", remedy: "Use a shorter string." },
  "too-few": {
    meaning: "The list or mapping has too few entries, or lacks a required one.",
    remedy: "Add entries.",
  },
  "too-many": { meaning: "The list or mapping has too many entries.", remedy: "Remove some of them." },
  "not-unique": { meaning: "The list contains the same entry twice.", remedy: "Remove one of the two." },
  forbidden: { meaning: "The key or value is not allowed here.", remedy: "Remove it." },
  "no-alternative": {
    meaning: "The value matches none of the alternatives that the schema offers.",
    remedy: "Write it like one of the alternatives.",
  },
  "several-alternatives": {
    meaning: "The value matches several alternatives, of which only one is allowed.",
    remedy: "Remove what belongs to the other alternatives.",
  },
  invalid: { meaning: "The value breaks another rule of the schema.", remedy: "Look at the schema of this key." },
} as const;

/** How user-data and manifests deliver a configuration. */
export const deliveryCodes = {
  "refused-by-cloud-init": {
    meaning:
      "cloud-init reads user-data with PyYAML (YAML 1.1), which rejects this text, so the machine boots without any of it.",
    remedy: "Correct the place that the message shows: mostly quotes or spaces are missing.",
  },
  "missing-header": {
    meaning:
      "cloud-init ignores user-data that begins with none of its headers, exactly as it knows them: `#cloud-config`, `## template: jinja`, MIME headers with `MIME-Version`. A byte-order mark spoils it.",
    remedy: "Correct the first line.",
    example:
      "write_files:\n  - path: /etc/kanod-configure/configuration.yaml\n    content: |\n      name: node-1\nruncmd: [kanod-runcmd]",
  },
  "unfilled-template": {
    meaning:
      "cloud-init fills in templates only where the first line is `## template: jinja`, and never in a part of the type `text/cloud-config`.",
    remedy: "Add that line, unless another program fills in the templates.",
    severity: "warning",
  },
  "bad-template": {
    meaning:
      "cloud-init's Jinja rejects the template, and the part is dropped; or a statement takes away a line break (`trim_blocks`) but not the blanks before it, so that what follows becomes something else.",
    remedy:
      "Put statements on lines of their own in the first column. Write `{% raw %}` around text that is not a template.",
    example: "## template: jinja\n#cloud-config\nruncmd:\n  - kanod-runcmd\n  - printf '{%s}' a",
  },
  "part-replaced": {
    meaning:
      "cloud-init does not join `write_files` and `runcmd` of several parts: the later ones replace the earlier ones, unless `merge_how` says otherwise.",
    remedy: "Add `merge_how: list(append)+dict(no_replace,recurse_list)+str()` to the later part.",
  },
  "misspelled-key": {
    meaning: "cloud-init does not know this key, which is close to one of its own.",
    remedy: "Correct the spelling: a close match is suggested.",
    example: "#cloud-config\nrun_cmd:\n  - kanod-runcmd",
  },
  "not-for-sh": {
    meaning: "`/bin/sh` cannot read the script: it contains `<<<`, or its first line ends in a carriage return.",
    remedy: "Use a here-document, and save the script with line feeds only.",
    example: "#cloud-config\nbootcmd:\n  - |\n    kanod-bootcmd <<< '{}'",
  },
  "unguarded-call": {
    meaning: "Commands after `kanod-runcmd`, or kubeadm itself, run even if it fails.",
    remedy: "Write `kanod-runcmd || exit 1`.",
    severity: "warning",
    example: "#cloud-config\nruncmd:\n  - kanod-runcmd\n  - echo configured",
  },
  "command-not-text": {
    meaning: "YAML reads a command as a mapping or a number. cloud-init then runs none of the commands in the list.",
    remedy: "Quote the command, or write it as a block that begins with `- |`.",
    example: "#cloud-config\nruncmd:\n  - echo done: yes\n  - kanod-runcmd",
  },
  "commands-not-a-list": {
    meaning: "`bootcmd` or `runcmd` is not a list, so cloud-init runs none of its commands.",
    remedy: "Write the commands as a list.",
  },
  "missing-runcmd": {
    meaning:
      "Nothing calls `kanod-runcmd`. Images built with kanod-configure call it themselves, unless the user-data has a `runcmd`.",
    remedy: "Add `- kanod-runcmd` to `runcmd`.",
    severity: "warning",
  },
  "missing-bootcmd": {
    meaning: "The configuration has a `boot` part, but nothing passes it to `kanod-bootcmd`.",
    remedy: "Call `kanod-bootcmd` in `bootcmd`, with that part in a here-document.",
    severity: "warning",
  },
  "missing-configuration": {
    meaning: "`kanod-runcmd` is called, but the user-data contains no configuration.",
    remedy: "Write one to `/etc/kanod-configure/configuration.yaml`, unless the image contains it.",
    severity: "note",
  },
  "wrong-stage": {
    meaning:
      "`bootcmd` calls `kanod-runcmd`, which is too early: the configuration is not yet written. Or `runcmd` calls `kanod-bootcmd`.",
    remedy: "Move the call to the other list.",
    example: "#cloud-config\nbootcmd: [kanod-runcmd]",
  },
  "bad-arguments": {
    meaning: "The program rejects the arguments that it is called with.",
    remedy: "Correct them as its `--help` says.",
  },
  "call-without-effect": {
    meaning: "Called with this option (`--dry-run`, `--help`), the program changes nothing.",
    remedy: "Remove the option.",
    severity: "warning",
  },
  "wrong-path": {
    meaning: "The configuration is written to a path that nothing reads.",
    remedy: "Write it to `/etc/kanod-configure/configuration.yaml`, or call `kanod-runcmd --config FILE`.",
  },
  "bad-permissions": {
    meaning:
      "The permissions of the file are invalid, or differ from what they look like (YAML reads 0600 as a number).",
    remedy: 'Write `"0600"`, in quotes.',
  },
  "readable-by-others": {
    meaning: "Every user of the machine can read the configuration.",
    remedy: 'Write `permissions: "0600"`.',
    severity: "warning",
    example:
      "#cloud-config\nwrite_files:\n  - path: /etc/kanod-configure/configuration.yaml\n    content: |\n      name: node-1\nruncmd: [kanod-runcmd]",
  },
  "no-content": {
    meaning: "The file has no content, or its Secret lacks the key.",
    remedy: "Write `content: |` with the text below it.",
  },
  "unknown-encoding": {
    meaning: "cloud-init does not know this `encoding` and uses the text as it is.",
    remedy: "Use a known encoding, such as `b64` or `gz+b64`.",
    severity: "warning",
  },
  "bad-encoding": {
    meaning: "The content is not what its encoding says: base64, gzip or UTF-8.",
    remedy: "Encode the content again.",
  },
  "here-document-end": {
    meaning: "The line that ends a here-document is missing.",
    remedy: "Put the end marker alone on its line, without leading blanks.",
  },
  "written-too-late": {
    meaning: "`bootcmd` reads a file that cloud-init writes only after `bootcmd`.",
    remedy: "Use a here-document instead of the file.",
  },
  "nested-too-deep": {
    meaning: "Documents are nested more than 8 levels deep.",
    remedy: "Flatten the nesting.",
  },
  template: {
    meaning: "A template fills in this value, so it was not checked.",
    remedy: "Check the result of the template as well.",
    severity: "note",
  },
  "not-checked": {
    meaning: "This part could not be checked, for the reason that the message gives.",
    remedy: "Check this part separately where it matters.",
    severity: "note",
  },
  "network-only": {
    meaning: "The file was checked as a network configuration only.",
    remedy: "Do nothing if it is one. A configuration also has a `name`.",
    severity: "note",
  },
} as const;
