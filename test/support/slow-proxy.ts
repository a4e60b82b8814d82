import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** What a {@link SlowProxy} does with one connection. */
export type Behaviour =
  | { kind: "pass" }
  /** The answer begins `seconds` late. */
  | { kind: "delay"; seconds: number }
  /** The connection is closed as soon as it is made. */
  | { kind: "cut" }
  /** The connection is closed after the first `bytes` of the answer. */
  | { kind: "cut-answer"; bytes: number }
  /** Something comes back that is no HTTP. */
  | { kind: "garbage" }
  /** Nothing ever comes back. */
  | { kind: "silence" }
  /** This text comes back, whatever was asked. */
  | { kind: "answer"; text: string }
  /** An answer of `bytes` that is JSON as far as one can see. */
  | { kind: "endless"; bytes: number };

/** A TCP proxy on 127.0.0.1 in front of a server, which treats it as bad networks and bad servers do. */
export class SlowProxy implements AsyncDisposable {
  /** Of the next connections, in order; after that `otherwise`. */
  readonly next: Behaviour[] = [];
  otherwise: Behaviour = { kind: "pass" };
  connections = 0;
  readonly #target: number;
  readonly #server = createServer((socket) => this.#accept(socket));
  readonly #sockets = new Set<Socket>();

  private constructor(target: number) {
    this.#target = target;
  }

  static async start(target: number): Promise<SlowProxy> {
    const proxy = new SlowProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #accept(socket: Socket): void {
    this.connections++;
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
    const behaviour = this.next.shift() ?? this.otherwise;
    if (behaviour.kind === "cut") socket.destroy();
    else if (behaviour.kind === "garbage") socket.end("\u0000\u0001this is no HTTP\r\n\r\n");
    else if (behaviour.kind === "answer") socket.once("data", () => socket.end(behaviour.text));
    else if (behaviour.kind === "endless") socket.once("data", () => pour(socket, behaviour.bytes));
    else if (behaviour.kind !== "silence") this.#pass(socket, behaviour);
    if (behaviour.kind === "silence") socket.resume();
  }

  #pass(socket: Socket, behaviour: Behaviour): void {
    const upstream = connect(this.#target, "127.0.0.1");
    upstream.on("error", () => socket.destroy());
    upstream.on("close", () => socket.end());
    socket.on("close", () => upstream.destroy());
    socket.pipe(upstream);
    let passed = 0;
    const begin = (): void => {
      upstream.on("data", (chunk: Buffer) => {
        const rest = behaviour.kind === "cut-answer" ? behaviour.bytes - passed : chunk.length;
        socket.write(chunk.subarray(0, rest));
        passed += chunk.length;
        if (rest < chunk.length) setTimeout(() => socket.destroy(), 20);
      });
    };
    if (behaviour.kind === "delay") setTimeout(begin, behaviour.seconds * 1000);
    else begin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

function pour(socket: Socket, bytes: number): void {
  socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n{"data":"`);
  const chunk = Buffer.alloc(64 * 1024, "x");
  let left = bytes;
  const more = (): void => {
    while (left > 0 && !socket.destroyed) {
      left -= chunk.length;
      if (!socket.write(chunk)) {
        socket.once("drain", more);
        return;
      }
    }
    socket.end();
  };
  more();
}
