/** In bytes: ECMA-119, 6.1.2. */
const sectorSize = 2048;
/** Sectors that are nobody's, ECMA-119, 6.2.1. */
const systemArea = 16;
/** Volume descriptors: ISO 9660, Joliet, and the one that ends them. */
const descriptors = 3;

interface Folder {
  name: string;
  /** Index of the folder that it is in; the first folder is the root, which is in itself. */
  parent: number;
  files: { name: string; content: Buffer }[];
}

/** One of the two trees of a volume: ISO 9660 for everybody, Joliet with the names as they are. */
interface NameForm {
  encode(name: string, isFolder: boolean): Buffer;
  /** A field of text of a volume descriptor, `length` bytes long. */
  field(text: string, length: number): Buffer;
  /** What tells the descriptor from others (ECMA-119, 8.4.1 and 8.5.6; for Joliet UCS-2, level 3). */
  descriptorType: number;
  escapeSequence: string;
}

/** ECMA-119, 7.5: capital letters, digits and `_`; a file has a `.` and the version 1. */
const plain: NameForm = {
  encode: (name, isFolder) => {
    const [, stem = "", extension = ""] = /^(.*?)(?:\.([^.]*))?$/.exec(name.toUpperCase()) ?? [];
    const clean = (text: string): string => text.replace(/[^A-Z0-9_]/g, "_");
    return Buffer.from(isFolder ? clean(name.toUpperCase()) : `${clean(stem)}.${clean(extension)};1`);
  },
  field: (text, length) => Buffer.from(text.padEnd(length).slice(0, length), "latin1"),
  descriptorType: 1,
  escapeSequence: "",
};

const joliet: NameForm = {
  encode: (name) => Buffer.from(name, "utf16le").swap16(),
  field: (text, length) => {
    const field = Buffer.alloc(length);
    Buffer.from(text.padEnd(length >> 1), "utf16le")
      .swap16()
      .copy(field);
    return field;
  },
  descriptorType: 2,
  escapeSequence: "%/E",
};

/**
 * The image of a CD-ROM: ISO 9660 (ECMA-119) with Joliet, which Linux takes the names from. Nothing in it depends on
 * time or place: the same files give the same bytes.
 *
 * @param label name of the volume, at most 16 characters of ASCII
 * @param files contents by path, without a leading `/`; a few in each folder, so that it fits into a sector
 */
export function isoImage(label: string, files: Readonly<Record<string, string>>): Buffer {
  const folders = arrange(files);
  const contents = folders.flatMap((folder) => folder.files);
  const forms = [plain, joliet];
  const firstTable = systemArea + descriptors;
  const firstFolder = firstTable + 2 * forms.length;
  let next = firstFolder + forms.length * folders.length;
  const fileSectors = new Map<object, number>();
  for (const file of contents) {
    fileSectors.set(file, next);
    next += Math.ceil(file.content.length / sectorSize);
  }
  const volumes = forms.map(
    (form, index) =>
      new Volume(form, folders, firstTable + 2 * index, firstFolder + index * folders.length, fileSectors),
  );
  return Buffer.concat([
    Buffer.alloc(systemArea * sectorSize),
    ...volumes.map((volume) => volume.descriptor(label, next)),
    endOfDescriptors(),
    ...volumes.flatMap((volume) => volume.pathTables()),
    ...volumes.flatMap((volume) => folders.map((_, index) => volume.folder(index))),
    ...contents.map(({ content }) => wholeSectors(content)),
  ]);
}

/** The folders, level by level, as a path table lists them (ECMA-119, 6.9.1). */
function arrange(files: Readonly<Record<string, string>>): Folder[] {
  const folders: Folder[] = [{ name: "", parent: 0, files: [] }];
  const paths = Object.keys(files).map((path) => path.split("/"));
  const deepest = Math.max(...paths.map((names) => names.length));
  const known = new Map([["", 0]]);
  for (let level = 1; level < deepest; level++) {
    for (const names of paths.filter(({ length }) => length > level)) {
      const path = names.slice(0, level).join("/");
      if (known.has(path)) continue;
      known.set(path, folders.length);
      folders.push({
        name: names[level - 1] ?? "",
        parent: known.get(names.slice(0, level - 1).join("/")) ?? 0,
        files: [],
      });
    }
  }
  for (const [path, text] of Object.entries(files)) {
    const cut = path.lastIndexOf("/");
    const folder = folders[known.get(path.slice(0, Math.max(0, cut))) ?? 0];
    folder?.files.push({ name: path.slice(cut + 1), content: Buffer.from(text) });
  }
  return folders;
}

class Volume {
  readonly #form: NameForm;
  readonly #folders: readonly Folder[];
  readonly #tableSector: number;
  readonly #folderSector: number;
  readonly #fileSectors: ReadonlyMap<object, number>;

  constructor(
    form: NameForm,
    folders: readonly Folder[],
    tableSector: number,
    folderSector: number,
    fileSectors: ReadonlyMap<object, number>,
  ) {
    this.#form = form;
    this.#folders = folders;
    this.#tableSector = tableSector;
    this.#folderSector = folderSector;
    this.#fileSectors = fileSectors;
  }

  /** ECMA-119, 8.4 and 8.5. */
  descriptor(label: string, sectors: number): Buffer {
    const { field, descriptorType, escapeSequence } = this.#form;
    const sector = Buffer.alloc(sectorSize);
    sector[0] = descriptorType;
    sector.write("CD001\u0001", 1, "latin1");
    const texts: [at: number, length: number, text: string][] = [
      [8, 32, ""],
      [40, 32, label],
      ...[190, 318, 446, 574].map((at): [number, number, string] => [at, 128, ""]),
      ...[702, 739, 776].map((at): [number, number, string] => [at, 37, ""]),
    ];
    for (const [at, length, text] of texts) field(text, length).copy(sector, at);
    both32(sectors).copy(sector, 80);
    sector.write(escapeSequence, 88, "latin1");
    for (const at of [120, 124]) both16(1).copy(sector, at);
    both16(sectorSize).copy(sector, 128);
    both32(this.#pathTable("LE").length).copy(sector, 132);
    sector.writeUInt32LE(this.#tableSector, 140);
    sector.writeUInt32BE(this.#tableSector + 1, 148);
    record(here, this.#folderSector, sectorSize, true).copy(sector, 156);
    // Dates that are not specified, ECMA-119, 8.4.26.1.
    for (const at of [813, 830, 847, 864]) sector.write("0".repeat(16), at, "latin1");
    sector[881] = 1;
    return sector;
  }

  pathTables(): Buffer[] {
    return [wholeSectors(this.#pathTable("LE")), wholeSectors(this.#pathTable("BE"))];
  }

  /** The content of a folder: itself, the one it is in, and its children by name (ECMA-119, 9.3). */
  folder(index: number): Buffer {
    const { parent = 0, files = [] } = this.#folders[index] ?? {};
    const { encode } = this.#form;
    const folders = this.#folders.flatMap(({ name, parent: its }, child) => {
      return its === index && child > 0
        ? [{ name: encode(name, true), sector: this.#folderSector + child, size: sectorSize, isFolder: true }]
        : [];
    });
    const children = [
      ...folders,
      ...files.map((file) => ({
        name: encode(file.name, false),
        sector: this.#fileSectors.get(file) ?? 0,
        size: file.content.length,
        isFolder: false,
      })),
    ].sort((one, other) => Buffer.compare(one.name, other.name));
    const records = [
      record(here, this.#folderSector + index, sectorSize, true),
      record(above, this.#folderSector + parent, sectorSize, true),
      ...children.map(({ name, sector, size, isFolder }) => record(name, sector, size, isFolder)),
    ];
    return oneSector(Buffer.concat(records));
  }

  /** ECMA-119, 9.4. */
  #pathTable(order: "LE" | "BE"): Buffer {
    const entries = this.#folders.map(({ name, parent }, index) => {
      const encoded = index === 0 ? here : this.#form.encode(name, true);
      const entry = Buffer.alloc(8 + encoded.length + (encoded.length % 2));
      entry[0] = encoded.length;
      entry[`writeUInt32${order}`](this.#folderSector + index, 2);
      entry[`writeUInt16${order}`](parent + 1, 6);
      encoded.copy(entry, 8);
      return entry;
    });
    return Buffer.concat(entries);
  }
}

/** What a folder, and the one that it is in, are called in it: ECMA-119, 7.6.2. */
const here = Buffer.from([0]);
const above = Buffer.from([1]);

/** ECMA-119, 9.1. The date is the 1st of January 1980. */
function record(name: Buffer, sector: number, size: number, isFolder: boolean): Buffer {
  const entry = Buffer.alloc(33 + name.length + (1 - (name.length % 2)));
  entry[0] = entry.length;
  both32(sector).copy(entry, 2);
  both32(size).copy(entry, 10);
  Buffer.from([80, 1, 1, 0, 0, 0, 0]).copy(entry, 18);
  entry[25] = isFolder ? 2 : 0;
  both16(1).copy(entry, 28);
  entry[32] = name.length;
  name.copy(entry, 33);
  return entry;
}

function endOfDescriptors(): Buffer {
  const sector = Buffer.alloc(sectorSize);
  sector[0] = 255;
  sector.write("CD001\u0001", 1, "latin1");
  return sector;
}

function wholeSectors(content: Buffer): Buffer {
  const filled = Buffer.alloc(Math.ceil(content.length / sectorSize) * sectorSize);
  content.copy(filled);
  return filled;
}

function oneSector(content: Buffer): Buffer {
  if (content.length > sectorSize) throw new Error("a folder of the image has too many entries");
  return wholeSectors(content);
}

/** Numbers in both byte orders: ECMA-119, 7.2.3 and 7.3.3. */
function both16(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(value, 0);
  bytes.writeUInt16BE(value, 2);
  return bytes;
}

function both32(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  bytes.writeUInt32BE(value, 4);
  return bytes;
}
