import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { openRedis } from "../../foundation/redis.js";
import { sha256Hex } from "../../foundation/tokens.js";
import { BureauError } from "../../schema/errors.js";

const WINDOW_SECONDS = 60;
/** With Redis away each process allows this share of the budget by itself: less than agreed, never without limit. */
const LOCAL_SHARE = 0.5;

export interface BudgetOptions {
  /** Absent: this process counts alone. */
  readonly redisUrl: string | undefined;
  readonly requestsPerMinute: number;
}

/** How many requests a client may still send. */
export interface RequestBudget {
  /** Takes one request of a client's budget. @throws RATE_LIMITED with `retryAfterSeconds` */
  take(clientId: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * A fixed window of one minute per client, shared by all gateways on one Redis. It decides how often somebody may ask,
 * never what may be read. With Redis away each process counts alone.
 * @throws SERVICE_UNAVAILABLE when Redis is configured and does not answer at the start
 */
export async function createRequestBudget({
  redisUrl,
  requestsPerMinute,
}: BudgetOptions): Promise<RequestBudget> {
  if (redisUrl === undefined) {
    const alone = memory(requestsPerMinute);
    return { take: (clientId) => takeAlone(alone, clientId), close: async () => {} };
  }
  const redis = await openRedis(redisUrl, { connectTimeoutMs: 2_000, commandTimeoutMs: 100 });
  const insurance = memory(Math.max(1, Math.floor(requestsPerMinute * LOCAL_SHARE)));
  return {
    close: () => redis.close(),
    take: async (clientId) => {
      const key = `xinqiao:budget:${sha256Hex(clientId)}`;
      const spent = await redis.spend(key, 1, WINDOW_SECONDS * 1_000).catch(() => undefined);
      if (spent === undefined) return takeAlone(insurance, clientId);
      if (spent.amount > requestsPerMinute) throw limited(spent.resetsInMs);
    },
  };
}

function memory(points: number): RateLimiterMemory {
  return new RateLimiterMemory({ points, duration: WINDOW_SECONDS });
}

async function takeAlone(limiter: RateLimiterMemory, clientId: string): Promise<void> {
  try {
    await limiter.consume(clientId);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    throw limited(refused.msBeforeNext);
  }
}

function limited(resetsInMs: number): BureauError {
  return new BureauError("RATE_LIMITED", "requests", {
    facts: { retryAfterSeconds: Math.max(1, Math.ceil(resetsInMs / 1_000)) },
  });
}
