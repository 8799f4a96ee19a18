import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openRedis } from "../../foundation/redis.js";

/** A Redis server of one test's own: nothing is kept on disk. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Stops it where it stands: it accepts and never answers, until it is let go on. */
  freeze(): void;
  thaw(): void;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

/** Debian's `redis-server` is a link to this program of `redis-tools`, which brings no service that starts by itself. */
const SAME_PROGRAM = "redis-check-rdb";

export interface RedisServerOptions {
  readonly port?: number;
  readonly password?: string;
  /** Further arguments, once its port and its folder are known; they come first. */
  readonly argsOf?: (place: { readonly port: number; readonly folder: string }) => readonly string[];
}

/**
 * Starts `redis-server`; on Debian and as root it is installed when it is not there.
 * @throws when there is none and none can be had
 */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const program = findProgram();
  const folder = mkdtempSync(join(tmpdir(), "xinqiao-redis-"));
  const access = options.password === undefined ? "" : `:${options.password}@`;
  for (let tries = 0; tries < 5; tries += 1) {
    const port = options.port ?? randomInt(20_000, 32_000);
    const own = options.argsOf?.({ port, folder }) ?? [];
    const common = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
    const store = own.includes("--sentinel") ? [] : ["--save", "", "--appendonly", "no"];
    const lock = options.password === undefined ? [] : ["--requirepass", options.password];
    const args = [...own, ...common, ...store, ...lock];
    const child = spawn(program, args, { argv0: "redis-server", stdio: "ignore" });
    const onExit = (): void => void child.kill("SIGKILL");
    process.once("exit", onExit);
    const url = `redis://${access}127.0.0.1:${port}`;
    if (await comesUp(child, url)) {
      const end = async (signal: NodeJS.Signals): Promise<void> => {
        process.removeListener("exit", onExit);
        await endChild(child, signal);
        rmSync(folder, { recursive: true, force: true });
      };
      return {
        url,
        port,
        freeze: () => void child.kill("SIGSTOP"),
        thaw: () => void child.kill("SIGCONT"),
        stop: () => end("SIGTERM"),
        kill: () => end("SIGKILL"),
      };
    }
    await endChild(child, "SIGKILL");
  }
  rmSync(folder, { recursive: true, force: true });
  throw new Error("redis-server does not start");
}

function findProgram(): string {
  const find = (): string | undefined =>
    ["redis-server", SAME_PROGRAM].find(
      (name) => spawnSync(name, ["--version"], { argv0: "redis-server" }).status === 0,
    );
  const found = find() ?? (install() ? find() : undefined);
  if (found === undefined) throw new Error("redis-server is not installed: apt-get install redis-tools");
  return found;
}

function install(): boolean {
  if (process.getuid?.() !== 0) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync("apt-get", ["update", "-qq"], { env, stdio: "ignore" });
  const args = ["install", "-y", "-qq", "--no-install-recommends", "redis-tools"];
  return spawnSync("apt-get", args, { env, stdio: "ignore" }).status === 0;
}

async function comesUp(child: ChildProcess, url: string): Promise<boolean> {
  for (let tries = 0; tries < 100 && child.exitCode === null && child.signalCode === null; tries += 1) {
    try {
      const redis = await openRedis(url, { connectTimeoutMs: 500 });
      await redis.close();
      // Another server may hold the port: then ours is about to end.
      await delay(20);
      return child.exitCode === null;
    } catch {
      await delay(30);
    }
  }
  return false;
}

async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill(signal);
  await gone;
}
