import { createHash } from "node:crypto";

/** A text as a value of a GKeyFile. Source: GLib, g_key_file_set_string. */
export function keyfileText(text: string): string {
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\t", "\\t")
    .replaceAll("\r", "\\r")
    .replace(/^ +/, (blanks) => "\\s".repeat(blanks.length));
}

/** A list as a value of a GKeyFile; undefined for an empty one. */
export function keyfileList(texts: readonly string[]): string | undefined {
  if (texts.length === 0) return undefined;
  return texts.map((text) => `${keyfileText(text).replaceAll(";", "\\;")};`).join("");
}

/** Namespace of connections on machines that have no machine-id(5) yet; made up once. */
const fallbackNamespace = "b1d0a2f06a3e4e8f9c5d7f1e2a3b4c5d";

/**
 * The UUID of a connection: always the same for the same machine and connection. Version 5 (RFC 9562) below the
 * machine-id, which it does not give away.
 */
export function connectionUuid(machineId: string | undefined, connection: string): string {
  const namespace = machineId !== undefined && /^[0-9a-f]{32}$/.test(machineId) ? machineId : fallbackNamespace;
  const hash = createHash("sha1").update(Buffer.from(namespace, "hex")).update(`network connection ${connection}`);
  const bytes = hash.digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
