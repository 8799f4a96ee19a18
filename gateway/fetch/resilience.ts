import { circuitBreaker, handleType, SamplingBreaker } from "cockatiel";

/** A request that did not get through: refused, cut off, or not answered in time. What came back whole is no such fault. */
export class TransportFault extends Error {
  override readonly name = "TransportFault";
  /** The whole time was spent: there is none left for another attempt. */
  readonly isLate: boolean;

  constructor(message: string, { cause, isLate = false }: { cause?: unknown; isLate?: boolean } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.isLate = isLate;
  }
}

/** Of all requests, how many may be repeats; a subgraph in trouble is not asked twice as much. */
const REPEATS_PER_REQUEST = 0.1;
/** Repeats that are saved up at most, and that there are at the start. */
const REPEATS_SAVED_MAX = 10;
/** Half of at least fifty requests in ten seconds fail: the subgraph is left alone for a second, then tried by one. */
const BREAKER = { threshold: 0.5, duration: 10_000, minimumRps: 5 } as const;
const LEFT_ALONE_MS = 1_000;

export interface ResilienceOptions {
  /** A mutation is never repeated: it may have been done. */
  readonly isRepeatable: boolean;
  readonly signal: AbortSignal | undefined;
}

/** How one subgraph is asked: with a breaker before it, and a budget of repeats. */
export interface Resilience {
  /** @throws what the last attempt threw; BrokenCircuitError at once while the subgraph is left alone */
  run<T>(attempt: () => Promise<T>, options: ResilienceOptions): Promise<T>;
}

/** The breaker counts attempts, so that repeats speak for themselves. */
export function createResilience(): Resilience {
  const breaker = circuitBreaker(handleType(TransportFault), {
    halfOpenAfter: LEFT_ALONE_MS,
    breaker: new SamplingBreaker(BREAKER),
  });
  let repeats = REPEATS_SAVED_MAX;
  return {
    run: async (attempt, { isRepeatable, signal }) => {
      repeats = Math.min(REPEATS_SAVED_MAX, repeats + REPEATS_PER_REQUEST);
      try {
        return await breaker.execute(attempt);
      } catch (error) {
        const isWorthIt = error instanceof TransportFault && !error.isLate;
        if (!isWorthIt || !isRepeatable || repeats < 1 || signal?.aborted === true) throw error;
        repeats -= 1;
        return breaker.execute(attempt);
      }
    },
  };
}
