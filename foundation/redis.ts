import { BureauError } from "../schema/errors.js";
import { createClient, keepAlive, type RedisClient } from "./redis/connect.js";
import type { RedisPlace } from "./redis/place.js";

export interface RedisOptions {
  readonly connectTimeoutMs: number;
  /** A command without an answer for this long is given up. Default 1,000. */
  readonly commandTimeoutMs?: number;
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
  /** The connected client, for a library that drives one; it is shared, so nobody closes it but `close`. */
  readonly client: RedisClient;
  /** @throws SERVICE_UNAVAILABLE */
  ping(): Promise<void>;
  /** Notes a key for a while, once; keys that share a `since` key must share its hash slot. @throws SERVICE_UNAVAILABLE */
  claim(key: string, sinceKey: string, windowMs: number): Promise<Claimed>;
  close(): Promise<void>;
}

/** The `since` key never expires; when it is gone, so may be everything that was noted before. */
const CLAIM_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SET', KEYS[2], now, 'NX')
local since = tonumber(redis.call('GET', KEYS[2]))
local first = redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[1]) and 1 or 0
return {first, math.max(0, now - since)}`;

/**
 * Connects to Redis: one address (`redis://`, `rediss://`), sentinels or a cluster.
 * @throws SERVICE_UNAVAILABLE when it does not answer in time, or does not let us in
 */
export async function openRedis(place: RedisPlace | string, options: RedisOptions): Promise<Redis> {
  const client = await connect(
    typeof place === "string" ? { kind: "standalone", url: place } : place,
    options,
  );
  const letEnd = keepAlive(client);
  return {
    client,
    ping: () => guard(async () => void (await client.ping())),
    claim: (key, sinceKey, windowMs) =>
      guard(async () => {
        const answer = await client.eval(CLAIM_SCRIPT, 2, key, sinceKey, windowMs);
        const [first, memoryMs] = answer as [number, number];
        return { isFirst: first === 1, memoryMs };
      }),
    close: async () => {
      letEnd();
      await client.quit().catch(() => client.disconnect());
    },
  };
}

async function connect(place: RedisPlace, options: RedisOptions): Promise<RedisClient> {
  const { connectTimeoutMs, commandTimeoutMs = 1_000 } = options;
  const client = createClient(place, { connectTimeoutMs, commandTimeoutMs });
  let last: unknown;
  // Without a listener an error of the connection would end the process; each command reports its own.
  client.on("error", (error: unknown) => {
    last = error;
  });
  let timer: NodeJS.Timeout | undefined;
  // Sentinels and clusters are tried again and again; a start must end.
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("Command timed out")), connectTimeoutMs * 2);
  });
  try {
    await Promise.race([client.connect(), late]);
    await guard(async () => void (await client.ping()));
    return client;
  } catch (error) {
    client.disconnect();
    throw unavailable(last ?? error);
  } finally {
    clearTimeout(timer);
  }
}

async function guard<T>(command: () => Promise<T>): Promise<T> {
  try {
    return await command();
  } catch (error) {
    throw unavailable(error);
  }
}

/** The driver's error carries the command that failed with its arguments, passwords too, so it goes no further. */
function unavailable(error: unknown): BureauError {
  return error instanceof BureauError
    ? error
    : new BureauError("SERVICE_UNAVAILABLE", `redis: ${reasonOf(error)}`);
}

const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/timed out|timeout/i, "timed out"],
  [/isn't writeable|isn't ready|connection is closed|startup nodes|refresh slots/i, "not connected"],
  [/sentinels are unreachable/i, "no sentinel answers"],
];

/** A word for the log: the system's code, the server's own (`WRONGPASS`, `READONLY`), or what the driver means. */
function reasonOf(error: unknown): string {
  const { code, message = "" } = error as { code?: unknown; message?: string };
  if (typeof code === "string" && /^E[A-Z_]+$/.test(code)) return code;
  const spoken = PHRASES.find(([pattern]) => pattern.test(message))?.[1];
  return spoken ?? /^[A-Z]{3,20}\b/.exec(message)?.[0] ?? "failed";
}
