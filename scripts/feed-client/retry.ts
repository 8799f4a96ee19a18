import { setTimeout as sleep } from "node:timers/promises";
import { clientError, type FeedClientError } from "./feed-client-error.js";
import { FeedAnswerError } from "./feed-http.js";

export interface RetryOptions {
  /** Attempts in all, the first included. */
  readonly attemptsMax: number;
  /** The first wait; each next one is twice as long. */
  readonly waitMs: number;
  readonly waitMsMax: number;
  /** Ends a wait at once. */
  readonly signal?: AbortSignal | undefined;
  /** Told before each wait. */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
}

export interface Retry {
  readonly attempt: number;
  readonly waitMs: number;
  readonly error: FeedClientError;
}

/** Waits of a quarter, a half, 1, 2, 4, 8, 8, 8, 8 seconds: a gateway may restart meanwhile. */
export const RETRY_DEFAULTS = { attemptsMax: 10, waitMs: 250, waitMsMax: 8_000 } as const;

/** Repeats what the other side may yet do: 5xx, 429 and lost connections. @throws the last error; INTERRUPTED */
export async function withRetry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isTransient(error) || count >= options.attemptsMax) throw error;
      const asked = error instanceof FeedAnswerError ? error.retryAfterMs : undefined;
      const waitMs = Math.min(asked ?? options.waitMs * 2 ** (count - 1), options.waitMsMax);
      options.onRetry?.({ attempt: count, waitMs, error });
      await pause(waitMs, options.signal);
    }
  }
}

function isTransient(error: unknown): error is FeedClientError {
  if (error instanceof FeedAnswerError) return (error.status ?? 0) >= 500 || error.status === 429;
  return (error as Partial<FeedClientError>).code === "CONNECTION_FAILED";
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw clientError("INTERRUPTED", "interrupted while waiting to try again", error);
  }
}
