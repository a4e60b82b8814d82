/**
 * Has a container engine pull an image as the kubelet does, through CRI (gRPC on a socket), and prints what it pulled.
 * Runs in a guest: `node cri-pull.cjs SOCKET IMAGE`. There is no crictl in Debian.
 */
const http2 = require("node:http2");

const [socket, image] = process.argv.slice(2);

/** A length-delimited field of protobuf. */
function field(number, content) {
  const bytes = Buffer.from(content);
  const length = [];
  for (let left = bytes.length; ; left >>= 7) {
    length.push(left > 127 ? (left & 127) | 128 : left);
    if (left <= 127) break;
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
}

// runtime.v1.PullImageRequest { ImageSpec image = 1 { string image = 1 } }, with gRPC's five bytes in front.
const message = field(1, field(1, image));
const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);

const session = http2.connect("http://localhost", { createConnection: () => require("node:net").connect(socket) });
session.on("error", (error) => fail(error.message));
const stream = session.request({
  ":method": "POST",
  ":path": "/runtime.v1.ImageService/PullImage",
  "content-type": "application/grpc",
  te: "trailers",
});
const chunks = [];
stream.on("data", (chunk) => chunks.push(chunk));
stream.on("response", (headers) => check(headers));
stream.on("trailers", (headers) => check(headers));
stream.on("end", () => {
  console.log(
    Buffer.concat(chunks)
      .toString("latin1")
      .replace(/[^\x20-\x7e]/g, ""),
  );
  session.close();
});
stream.end(frame);

function check(headers) {
  const status = headers["grpc-status"];
  if (status !== undefined && status !== "0") fail(decodeURIComponent(headers["grpc-message"] ?? `status ${status}`));
}

function fail(reason) {
  console.error(reason);
  process.exit(1);
}
