import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/**
 * A certificate for 127.0.0.1 and localhost, signed with its own key (X.509 v3, RFC 5280), so that tests need neither
 * openssl nor a key in the repository.
 */
export function selfSigned(): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(set(sequence(objectId("550403"), utf8String("kanod test"))));
  const algorithm = sequence(objectId("2a8648ce3d040302"));
  const day = 24 * 3600 * 1000;
  const validity = sequence(utcTime(new Date(Date.now() - day)), utcTime(new Date(Date.now() + day)));
  const addresses = sequence(der(0x82, Buffer.from("localhost")), der(0x87, Buffer.from([127, 0, 0, 1])));
  const authority = sequence(der(0x01, Buffer.from([0xff])));
  const extensions = sequence(
    sequence(objectId("551d11"), octetString(addresses)),
    sequence(objectId("551d13"), octetString(authority)),
  );
  const serial = der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)]));
  const version = der(0xa0, der(0x02, Buffer.from([2])));
  const publicInfo = publicKey.export({ type: "spki", format: "der" });
  const content = sequence(version, serial, algorithm, name, validity, name, publicInfo, der(0xa3, extensions));
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign("sha256", content, privateKey)]));
  const certificate = sequence(content, algorithm, signature).toString("base64");
  const lines = certificate.match(/.{1,64}/g)?.join("\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}

/** Tag, length, content: X.690. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const long = length > 255 ? [0x82, length >> 8, length & 0xff] : [0x81, length];
  return Buffer.concat([Buffer.from(length < 128 ? [tag, length] : [tag, ...long]), content]);
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, Buffer.concat(parts));
const set = (part: Buffer): Buffer => der(0x31, part);
const octetString = (part: Buffer): Buffer => der(0x04, part);
const objectId = (hex: string): Buffer => der(0x06, Buffer.from(hex, "hex"));
const utf8String = (text: string): Buffer => der(0x0c, Buffer.from(text));

function utcTime(date: Date): Buffer {
  return der(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replaceAll(/[-:T]/g, "")}Z`));
}
