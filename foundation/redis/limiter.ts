import { createHash } from "node:crypto";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { Redis } from "../redis.js";

export interface LimiterOptions {
  /** Absent: this process counts alone, up to the whole limit. */
  readonly redis: Redis | undefined;
  /** Keeps the counts of one limiter apart from another's. */
  readonly name: string;
  /** What one key may spend in a window. */
  readonly limit: number;
  readonly windowSeconds: number;
  /** With Redis away this process allows this much of the limit by itself, in percent, and at least 1. */
  readonly localPercent: number;
  /** The keys that a process counts by itself; the one used longest ago is forgotten for a further one. */
  readonly localKeysMax?: number;
}

/** How a key stands after it was asked to spend. */
export interface Spending {
  readonly isAdmitted: boolean;
  /** The limit that counted: the whole one, or this process's share while Redis is away. */
  readonly limit: number;
  readonly remaining: number;
  /** When the window ends and all of the limit is there again. */
  readonly resetsInMs: number;
}

/** Fixed windows, one a key; a window starts with its first spending. */
export interface Limiter {
  /**
   * Spends points of a key's window; what would pass the limit is refused and spends nothing. Never rejects: with Redis
   * away this process counts by itself, and by Redis again as soon as it is back.
   * The parts of a key are hashed together, so no part can pass for another key.
   */
  spend(key: readonly string[], points: number, windowSeconds?: number): Promise<Spending>;
  /** Adds to what was spent, whatever the limit: for what became known only afterwards. */
  charge(key: readonly string[], points: number): Promise<void>;
}

const LOCAL_KEYS_MAX = 100_000;
/** Points are not given back to a window that may end before the order arrives: they would come on top of the next. */
const GIVE_BACK_MS_MIN = 2_000;

/** Makes a limiter on the library's counters: shared ones on Redis, local ones as their insurance. */
export function createLimiter(options: LimiterOptions): Limiter {
  const { redis, limit, windowSeconds } = options;
  const share = Math.max(1, Math.floor((limit * options.localPercent) / 100));
  const local = new LocalWindows({
    points: redis === undefined ? limit : share,
    duration: windowSeconds,
    keysMax: options.localKeysMax ?? LOCAL_KEYS_MAX,
  });
  const keyPrefix = `xinqiao:${options.name}`;
  const shared =
    redis === undefined
      ? undefined
      : new RateLimiterRedis({
          storeClient: redis.client,
          keyPrefix,
          points: limit,
          duration: windowSeconds,
          insuranceLimiter: local,
        });
  // Without the insurance: what was counted in one place must not be given back in the other.
  const giver =
    redis === undefined
      ? local
      : new RateLimiterRedis({
          storeClient: redis.client,
          keyPrefix,
          points: limit,
          duration: windowSeconds,
        });
  const limiter = shared ?? local;
  return {
    spend: async (parts, points, customDuration) => {
      const key = keyOf(parts);
      const settings = customDuration === undefined ? {} : { customDuration };
      const outcome = await limiter.consume(key, points, settings).catch(asRefusal);
      const own = local.counted(outcome);
      const spending = toSpending(outcome, own ? local.points : limit);
      if (spending.isAdmitted || points === 1 || spending.resetsInMs < GIVE_BACK_MS_MIN) return spending;
      const left = await (own ? local : giver).reward(key, points).catch(() => undefined);
      return left === undefined ? spending : { ...spending, remaining: left.remainingPoints };
    },
    charge: async (parts, points) => void (await limiter.penalty(keyOf(parts), points)),
  };
}

function toSpending(outcome: RateLimiterRes, limit: number): Spending {
  const { consumedPoints, remainingPoints, msBeforeNext } = outcome;
  return {
    isAdmitted: consumedPoints <= limit,
    limit,
    remaining: remainingPoints,
    resetsInMs: Math.max(0, msBeforeNext),
  };
}

/** The library rejects with the count when the limit is passed, and with an error when something broke. */
function asRefusal(refused: unknown): RateLimiterRes {
  if (refused instanceof RateLimiterRes) return refused;
  throw refused;
}

/** Unambiguous and bounded: parts with separators, line breaks or a megabyte make a key like any other. */
function keyOf(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}

/** Windows in this process, bounded in number, that know their own counts from others'. */
class LocalWindows extends RateLimiterMemory {
  readonly #known = new Map<string | number, true>();
  readonly #counted = new WeakSet<RateLimiterRes>();

  readonly #keysMax: number;

  constructor({ keysMax, ...options }: { points: number; duration: number; keysMax: number }) {
    super(options);
    this.#keysMax = keysMax;
  }

  counted(outcome: RateLimiterRes): boolean {
    return this.#counted.has(outcome);
  }

  override consume(
    key: string | number,
    points?: number,
    options?: Record<string, unknown>,
  ): Promise<RateLimiterRes> {
    this.#remember(key);
    const outcome = super.consume(key, points, options);
    // Marked before anybody else hears of it, for handlers run in the order in which they were attached.
    const mark = (counted: RateLimiterRes): void => void this.#counted.add(counted);
    outcome.then(mark, mark);
    return outcome;
  }

  #remember(key: string | number): void {
    this.#known.delete(key);
    this.#known.set(key, true);
    if (this.#known.size <= this.#keysMax) return;
    const [oldest] = this.#known.keys();
    if (oldest === undefined) return;
    this.#known.delete(oldest);
    void this.delete(oldest);
  }
}
