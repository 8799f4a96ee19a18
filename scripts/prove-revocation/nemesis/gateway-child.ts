import { type ChildProcess, fork, spawn } from "node:child_process";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Agent, request } from "undici";
import { FaultProxy } from "./fault-proxy.js";
import type { GatewayOrder, GatewayReady } from "./gateway-process.js";

const PROGRAM = path.join(import.meta.dirname, "gateway-process.ts");
const START_TIMEOUT_MS = 60_000;
const ERROR_CHARACTERS_MAX = 4_000;

/** A request to a gateway. */
export interface GatewayRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/** An answer that was read to its end. */
export interface GatewayReply {
  readonly status: number;
  readonly body: unknown;
}

/** One gateway process with its own way to the database. */
export class GatewayChild {
  readonly name: string;
  readonly proxy: FaultProxy;
  readonly #agent = new Agent({ connections: 64, pipelining: 1, keepAliveTimeout: 30_000 });
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #url = "";
  #isGone = false;
  #said = "";

  private constructor(name: string, proxy: FaultProxy) {
    this.name = name;
    this.proxy = proxy;
    this.#child = fork(PROGRAM, [], {
      execArgv: ["--import", "tsx"],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#child.stderr?.on("data", (bytes: Buffer) => {
      this.#said = (this.#said + bytes.toString()).slice(-ERROR_CHARACTERS_MAX);
    });
    this.#gone = new Promise((resolve) =>
      this.#child.once("exit", () => {
        this.#isGone = true;
        resolve();
      }),
    );
  }

  /** Starts a process and waits until it listens. @throws Error with the process's own words when it does not */
  static async start(
    name: string,
    socket: string,
    order: Omit<GatewayOrder, "connectionString"> & { readonly database: string },
  ): Promise<GatewayChild> {
    const proxy = await FaultProxy.open(socket);
    const child = new GatewayChild(name, proxy);
    const { database, ...rest } = order;
    const connectionString = `postgres://bureau@127.0.0.1:${proxy.port}/${database}`;
    child.#child.send({ ...rest, connectionString } satisfies GatewayOrder);
    await child.#listening();
    return child;
  }

  /** @throws when the process is gone, the connection breaks or the time is over */
  async post(address: string, { headers, body, timeoutMs }: GatewayRequest): Promise<GatewayReply> {
    const response = await request(`${this.#url}${address}`, {
      method: "POST",
      dispatcher: this.#agent,
      headers: { ...headers },
      body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.statusCode, body: await response.body.json() };
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** SIGKILL: nothing is drained, nothing is said. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#gone;
    await Promise.all([this.proxy.close(), this.#agent.destroy()]);
  }

  /** SIGSTOP, and SIGCONT after a while: a shell of its own sees to that, whatever becomes of this process. */
  async stopFor(durationMs: number): Promise<void> {
    const pid = String(this.#child.pid);
    const script = `kill -STOP ${pid}; sleep ${(durationMs / 1_000).toFixed(3)}; kill -CONT ${pid}`;
    const shell = spawn("sh", ["-c", script], { detached: true, stdio: "ignore" });
    await new Promise((resolve) => shell.once("exit", resolve));
  }

  async #listening(): Promise<void> {
    const ready = new Promise<GatewayReady>((resolve) =>
      this.#child.once("message", (message) => resolve(message as GatewayReady)),
    );
    const late = delay(START_TIMEOUT_MS, "late", { ref: false });
    const first = await Promise.race([ready, this.#gone, late]);
    if (typeof first !== "object") {
      this.#child.kill("SIGKILL");
      throw new Error(`${this.name} did not start (${first ?? "ended"}): ${this.#said}`);
    }
    this.#url = first.url;
  }
}
