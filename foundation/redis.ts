import { Redis as Client } from "ioredis";
import { BureauError } from "../schema/errors.js";

export interface RedisOptions {
  readonly connectTimeoutMs: number;
  /** A command without an answer for this long is given up. Default 1,000. */
  readonly commandTimeoutMs?: number;
}

/** What has been spent of a budget in its present window. */
export interface Spent {
  readonly amount: number;
  /** When the window ends and the amount starts again from nothing. */
  readonly resetsInMs: number;
}

/** What became of a key that may be noted once. */
export interface Claimed {
  readonly isFirst: boolean;
  /** How long the server has remembered such keys: it starts anew when the server lost what it held. */
  readonly memoryMs: number;
}

/**
 * What several instances share and may lose. Never a decision: every use must say what happens without it.
 * While the server is out of reach each call fails at once with SERVICE_UNAVAILABLE; the connection mends itself.
 */
export interface Redis {
  /** @throws SERVICE_UNAVAILABLE */
  ping(): Promise<void>;
  /** Adds to a budget's window, which starts with its first spending. */
  spend(key: string, amount: number, windowMs: number): Promise<Spent>;
  /** Notes a key for a while, once; keys that share a `since` key must share its hash slot. */
  claim(key: string, sinceKey: string, windowMs: number): Promise<Claimed>;
  close(): Promise<void>;
}

const SPEND_SCRIPT = `
local amount = redis.call('INCRBY', KEYS[1], ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]); left = tonumber(ARGV[2]) end
return {amount, left}`;

/** The `since` key never expires; when it is gone, so may be everything that was noted before. */
const CLAIM_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SET', KEYS[2], now, 'NX')
local since = tonumber(redis.call('GET', KEYS[2]))
local first = redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[1]) and 1 or 0
return {first, math.max(0, now - since)}`;

/**
 * Connects to Redis (`redis://`, `rediss://`).
 * @throws SERVICE_UNAVAILABLE when it does not answer in time
 */
export async function openRedis(url: string, options: RedisOptions): Promise<Redis> {
  const client = await connect(url, options);
  return {
    ping: () => guard(async () => void (await client.ping())),
    spend: (key, amount, windowMs) =>
      guard(async () => {
        const [spent, left] = (await client.eval(SPEND_SCRIPT, 1, key, amount, windowMs)) as [number, number];
        return { amount: spent, resetsInMs: left };
      }),
    claim: (key, sinceKey, windowMs) =>
      guard(async () => {
        const answer = await client.eval(CLAIM_SCRIPT, 2, key, sinceKey, windowMs);
        const [first, memoryMs] = answer as [number, number];
        return { isFirst: first === 1, memoryMs };
      }),
    close: async () => {
      await client.quit().catch(() => client.disconnect());
    },
  };
}

async function connect(url: string, options: RedisOptions): Promise<Client> {
  const client = new Client(url, {
    lazyConnect: true,
    connectTimeout: options.connectTimeoutMs,
    commandTimeout: options.commandTimeoutMs ?? 1_000,
    // A command must not wait for a server to come back, nor be sent twice.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2_000),
  });
  // Without a listener an error of the connection would end the process; each command reports its own.
  client.on("error", () => {});
  try {
    await guard(() => client.connect());
  } catch (error) {
    client.disconnect();
    throw error;
  }
  return client;
}

async function guard<T>(command: () => Promise<T>): Promise<T> {
  try {
    return await command();
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : "redis failed";
    throw new BureauError("SERVICE_UNAVAILABLE", `redis: ${detail}`, { cause });
  }
}
