/**
 * The codes of the problems with what is around an embedded configuration, in the order of docs/problems.md, which
 * explains them. They are part of the interface: scripts rely on them.
 */
export const embeddedCodes = [
  "refused-by-cloud-init",
  "missing-header",
  "unfilled-template",
  "command-not-text",
  "commands-not-a-list",
  "missing-runcmd",
  "missing-bootcmd",
  "missing-configuration",
  "wrong-stage",
  "bad-arguments",
  "call-without-effect",
  "wrong-path",
  "bad-permissions",
  "readable-by-others",
  "no-content",
  "unknown-encoding",
  "bad-encoding",
  "here-document-end",
  "written-too-late",
  "nested-too-deep",
  "template",
  "not-checked",
  "network-only",
] as const;

export type EmbeddedCode = (typeof embeddedCodes)[number];
