/**
 * An https server for reports, run in a guest: `node report-server.cjs FOLDER`, in which cert.pem and key.pem are. It
 * answers with the status codes in FOLDER/answers, one after the other, and appends what it got to FOLDER/requests, one
 * JSON document a line.
 */
const { appendFileSync, readFileSync } = require("node:fs");
const { createServer } = require("node:https");

const folder = process.argv[2];
const read = (name) => readFileSync(`${folder}/${name}`, "utf8");
let answers = [];

const server = createServer({ cert: read("cert.pem"), key: read("key.pem") }, (request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const { method, url, headers } = request;
    appendFileSync(
      `${folder}/requests`,
      `${JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() })}\n`,
    );
    if (answers.length === 0) answers = read("answers").trim().split(" ");
    response.statusCode = Number(answers.shift());
    response.end();
  });
});
server.listen(8443, "127.0.0.1");
