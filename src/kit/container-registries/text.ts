/** A basic string of TOML 1.0: JSON's escapes, and one for DEL, which JSON does not need to escape. */
export function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007f");
}

/** An assignment for `Environment=` of systemd.exec(5): quoted, `%` doubled, backslash and quote escaped. */
export function systemdAssignment(name: string, value: string): string {
  const escaped = value.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%");
  return `Environment="${name}=${escaped}"`;
}
