import net from "node:net";
import { performance } from "node:perf_hooks";
import { type Direction, DIRECTIONS } from "../simulation/link.js";

/** Which connections of a gateway a fault concerns: the one that checks consent, those of its ledger, or all. */
export type Scope = "check" | "ledger" | "all";

/** What happens to bytes between one gateway and PostgreSQL. */
export interface Hindrance {
  readonly scope: Scope;
  readonly directions: readonly Direction[];
  /** Bytes are kept back until the hindrance is taken away, as TCP would send them again; or each is late by this much. */
  readonly delayMs: number | "held";
}

/** A TCP door before a Unix socket, for one gateway. Bytes keep their order whatever happens to them. */
export class FaultProxy {
  readonly #target: string;
  readonly #server: net.Server;
  readonly #connections = new Set<ProxiedConnection>();
  readonly #hindrances = new Set<Hindrance>();
  #silence: symbol | undefined;

  private constructor(target: string) {
    this.#target = target;
    this.#server = net.createServer((socket) => this.#accept(socket));
  }

  /** `target` is the path of the server's socket. */
  static async open(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once("error", reject);
      proxy.#server.listen(0, "127.0.0.1", () => resolve());
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /**
   * The present while in which the gateway's ledger cannot hear the truth, a value that is the same from its begin to its
   * end; `undefined` while it can.
   */
  get silence(): symbol | undefined {
    return this.#silence;
  }

  /** Begins a hindrance; the returned function ends it. */
  hinder(hindrance: Hindrance): () => void {
    this.#hindrances.add(hindrance);
    if (this.#isSilent()) this.#silence ??= Symbol("silence");
    return () => {
      this.#hindrances.delete(hindrance);
      if (!this.#isSilent()) this.#silence = undefined;
      for (const connection of this.#connections) connection.pump();
    };
  }

  #isSilent(): boolean {
    return [...this.#hindrances].some(({ delayMs, scope }) => delayMs === "held" && scope !== "check");
  }

  /** Breaks every connection of a scope with RST. */
  reset(scope: Scope): void {
    for (const connection of this.#connections) if (connection.isOf(scope)) connection.reset();
  }

  async close(): Promise<void> {
    this.#hindrances.clear();
    for (const connection of this.#connections) connection.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: net.Socket): void {
    const connection = new ProxiedConnection(socket, net.connect(this.#target), {
      hindranceOn: (scoped, direction) =>
        [...this.#hindrances].find(
          ({ scope, directions }) => scoped.isOf(scope) && directions.includes(direction),
        ),
      onGone: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }
}

interface Chunk {
  /** `undefined` is the end of the stream. */
  readonly bytes: Buffer | undefined;
  readonly dueMs: number;
}

interface ConnectionOptions {
  hindranceOn(connection: ProxiedConnection, direction: Direction): Hindrance | undefined;
  onGone(): void;
}

class ProxiedConnection {
  readonly #options: ConnectionOptions;
  readonly #gateway: net.Socket;
  readonly #server: net.Socket;
  readonly #queues: Readonly<Record<Direction, Chunk[]>> = { request: [], reply: [] };
  /** The pool's own name for itself, from the startup message. */
  #use = "";
  /** The last statement of the ledger that was sent, by its name in the protocol. */
  #asks: "check" | "claim" | undefined;

  constructor(gateway: net.Socket, server: net.Socket, options: ConnectionOptions) {
    this.#gateway = gateway;
    this.#server = server;
    this.#options = options;
    gateway.setNoDelay(true);
    gateway.once("data", (bytes) => {
      this.#use = /application_name\0([^\0]*)\0/.exec(bytes.toString("latin1"))?.[1] ?? "";
    });
    gateway.on("data", (bytes) => {
      if (bytes.includes("consents.check\0")) this.#asks = "check";
      else if (bytes.includes("consents.claim\0")) this.#asks = "claim";
    });
    this.#listen(gateway, "request");
    this.#listen(server, "reply");
  }

  isOf(scope: Scope): boolean {
    if (scope === "all") return true;
    return this.#use.endsWith("-ledger") && (scope === "ledger" || this.#asks === "check");
  }

  /** RST instead of FIN, where the connection is still whole. */
  reset(): void {
    if (this.#gateway.readyState === "open") this.#gateway.resetAndDestroy();
    this.destroy();
  }

  destroy(): void {
    this.#gateway.destroy();
    this.#server.destroy();
    this.#options.onGone();
  }

  /** Passes on what is due and not held back. */
  pump(): void {
    for (const direction of DIRECTIONS) this.#pass(direction);
  }

  #listen(socket: net.Socket, direction: Direction): void {
    socket.on("data", (bytes) => this.#take(direction, bytes));
    socket.on("error", () => {});
    socket.on("close", () => this.#take(direction, undefined));
  }

  #take(direction: Direction, bytes: Buffer | undefined): void {
    const delayMs = this.#options.hindranceOn(this, direction)?.delayMs ?? 0;
    this.#queues[direction].push({ bytes, dueMs: performance.now() + (delayMs === "held" ? 0 : delayMs) });
    this.#pass(direction);
  }

  #pass(direction: Direction): void {
    const queue = this.#queues[direction];
    const to = direction === "request" ? this.#server : this.#gateway;
    for (let chunk = queue[0]; chunk !== undefined; chunk = queue[0]) {
      const waitMs = chunk.dueMs - performance.now();
      if (waitMs > 0) return void setTimeout(() => this.#pass(direction), waitMs + 1).unref();
      if (this.#options.hindranceOn(this, direction)?.delayMs === "held") return;
      queue.shift();
      if (chunk.bytes !== undefined) to.write(chunk.bytes);
      else {
        to.end();
        to.destroySoon();
        this.#options.onGone();
      }
    }
  }
}
