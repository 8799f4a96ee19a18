import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const TOP = path.resolve(import.meta.dirname, "../../../..");
const START_MAX_MS = 90_000;
const STOP_MAX_MS = 20_000;
const SAID_MAX = 4_000;

export interface ChildOptions {
  /** From the top of the repository. */
  readonly file: string;
  /** Handed over once it runs; the child answers it with a message of its own when it is ready. */
  readonly order?: object;
  readonly env?: Readonly<Record<string, string>>;
  /** Words for Node itself. */
  readonly nodeOptions?: readonly string[] | undefined;
  /** Modules that are loaded before the file, from the top of the repository. */
  readonly preloads?: readonly string[];
  /** Ready is when this address answers 200, instead of a message. */
  readonly readyUrl?: string;
}

/** A process of the benchmark's own; nothing else is ever ended. */
export interface Child {
  readonly pid: number;
  /** What it answered when it was ready. */
  readonly ready: unknown;
  /** Sends a message and resolves to the next one that comes. */
  ask(message: object): Promise<unknown>;
  /** Asks it to end, insists after 20 s. */
  stop(): Promise<void>;
}

/** Starts a Node process and waits until it is ready. @throws Error with its last words when it ends or takes 90 s */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { file, order, env = {}, nodeOptions = [], preloads = [], readyUrl } = options;
  const before = ["tsx", ...preloads.map((module) => path.join(TOP, module))];
  const words = [...nodeOptions, ...before.flatMap((module) => ["--import", module]), path.join(TOP, file)];
  const child = spawn(process.execPath, words, {
    cwd: TOP,
    env: { ...ownEnvironment(), NODE_ENV: "production", ...env },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "json",
  });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-SAID_MAX)));
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`${file} ended (${String(code ?? signal)}): ${said}`);
  });
  ended.catch(() => {});
  const late = delay(START_MAX_MS, undefined, { ref: false }).then(() => {
    throw new Error(`${file} was not ready within ${START_MAX_MS / 1_000} s: ${said}`);
  });
  late.catch(() => {});
  if (order !== undefined) child.send(order);
  try {
    const isReady = readyUrl === undefined ? message(child) : answers(readyUrl, child);
    const ready = await Promise.race([isReady, ended, late]);
    return {
      pid: child.pid ?? 0,
      ready,
      ask: async (question) => {
        const answer = message(child);
        child.send(question);
        return Promise.race([answer, ended]);
      },
      stop: () => stop(child),
    };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

/** Without the settings of a gateway that the person at this terminal runs. */
function ownEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("XINQIAO_")));
}

async function message(child: ChildProcess): Promise<unknown> {
  const [answer] = await once(child, "message");
  return answer;
}

async function answers(url: string, child: ChildProcess): Promise<undefined> {
  while (child.exitCode === null && child.signalCode === null) {
    const response = await fetch(url).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.status === 200) return undefined;
    await delay(50);
  }
  return new Promise(() => {});
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const insist = setTimeout(() => child.kill("SIGKILL"), STOP_MAX_MS);
  await gone;
  clearTimeout(insist);
}

/** A TCP port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
