import { isMapping } from "../../config/mapping.ts";
import { shown } from "../../config/shown.ts";
import { suggest } from "../../config/suggest.ts";
import type { WrittenFile } from "./bootstrap.ts";
import { DecodingError, encodings, unpack } from "./encodings.ts";
import type { PlacedText } from "./placed-text.ts";
import { fillTemplates, type TemplateSyntax, unknown } from "./templates.ts";

/** A text, and the JSON pointer of what holds it in the file. */
export interface Content {
  text: PlacedText;
  pointer: string;
  /** Templates that it goes through: what is packed when they are filled in has none. */
  templates: readonly TemplateSyntax[];
}

/** The text of a file that is written, unpacked. Undefined, and reported, where it is not known. */
export function writtenContent(file: WrittenFile): Content | undefined {
  const { container, pointer } = file;
  const { inspection, texts } = container;
  const at = `${pointer}/content`;
  try {
    const packed = packedContent(file);
    if (packed === undefined) {
      reportMissing(file);
      return undefined;
    }
    const encoding = encodingOf(file);
    const binary = texts.hasTag(at, "!!binary") ? ["base64"] : [];
    const names = encoding === undefined ? binary : [...binary, encoding];
    if (names.length === 0) return packed;
    if (fillTemplates(packed.text.text, packed.templates).text.includes(unknown)) {
      const message = `the content of ${file.path} is filled in by a template before it is unpacked: it was not checked`;
      inspection.report("note", "template", texts.place(at), message, { pointer: at });
      return undefined;
    }
    return { ...packed, text: unpack(packed.text, names), templates: [] };
  } catch (error) {
    if (!(error instanceof DecodingError)) throw error;
    const message = `the content of this file cannot be unpacked: ${error.message}`;
    inspection.report("error", "bad-encoding", texts.place(at), message, { pointer: at });
    return undefined;
  }
}

function packedContent({ container, pointer, entry }: WrittenFile): Content | undefined {
  const { content, contentFrom } = entry;
  const { texts, prefix, templates } = container;
  if (typeof content !== "string") {
    const found = isMapping(contentFrom) ? container.contentFrom?.(contentFrom) : undefined;
    return found === undefined || found === "no-such-key" ? undefined : { ...found, templates };
  }
  const at = `${pointer}/content`;
  return { text: texts.text(at, content), pointer: `${prefix}${at}`, templates };
}

/** Undefined for plain text, which cloud-init also takes an unknown encoding for. */
function encodingOf({ container, pointer, entry }: WrittenFile): string | undefined {
  const { encoding } = entry;
  if (typeof encoding !== "string") return undefined;
  const name = encoding.trim().toLowerCase();
  if (name === "" || name === "text/plain") return undefined;
  if (encodings.includes(name)) return name;
  const near = suggest(name, encodings);
  const hint = near === undefined ? `known: ${encodings.map(shown).join(", ")}` : `did you mean ${shown(near)}?`;
  const message = `there is no encoding ${shown(encoding)}: the content is taken as it is`;
  container.inspection.report("warning", "unknown-encoding", container.texts.place(`${pointer}/encoding`), message, {
    hint,
  });
  return undefined;
}

function reportMissing({ container, pointer, entry, path }: WrittenFile): void {
  const { inspection, texts } = container;
  const elsewhere = ["contentFrom", "source"].find((key) => isMapping(entry[key]));
  if (isMapping(entry["contentFrom"]) && container.contentFrom?.(entry["contentFrom"]) === "no-such-key") {
    const message = `the Secret that the content of ${path} comes from has no such key`;
    inspection.report("error", "no-content", texts.place(`${pointer}/contentFrom/secret/key`), message);
    return;
  }
  if (elsewhere !== undefined) {
    const message = `the content of ${path} comes from elsewhere and was not checked`;
    inspection.report("note", "not-checked", texts.place(`${pointer}/${elsewhere}`, "key"), message);
    return;
  }
  const message = `${path} has no content: it must be a string`;
  const at = entry["content"] === undefined ? `${pointer}/path` : `${pointer}/content`;
  inspection.report("error", "no-content", texts.place(at), message, { hint: "write `content: |` and the text below" });
}
