import type { SubgraphCall } from "./transport.js";

/** Requests on the wire that others may wait for as well. */
export interface InFlight {
  /**
   * The text of an answer: that of an equal query on the wire, or of one sent now. A request that is shared goes on while
   * anybody waits for it.
   */
  share(call: SubgraphCall, send: (call: SubgraphCall) => Promise<string>): Promise<string>;
}

interface Shared {
  readonly answered: Promise<string>;
  readonly everybodyLeft: AbortController;
  waiting: number;
}

/**
 * Shares among those who may see the same: the key names asker, grants and consent versions beside the body
 * ({@link SubgraphCall}). Consent was decided before, for each by itself; only the reading of data is shared.
 */
export function createInFlight(): InFlight {
  const byKey = new Map<string, Shared>();
  const start = (key: string, call: SubgraphCall, send: (call: SubgraphCall) => Promise<string>): Shared => {
    const everybodyLeft = new AbortController();
    const answered = send({ ...call, signal: everybodyLeft.signal }).finally(() => {
      if (byKey.get(key) === shared) byKey.delete(key);
    });
    // Whoever waits hears of a failure; when all of them have left, nobody needs to.
    answered.catch(() => {});
    const shared: Shared = { answered, everybodyLeft, waiting: 0 };
    byKey.set(key, shared);
    return shared;
  };
  return {
    share: async (call, send) => {
      if (!call.isQuery) return send(call);
      call.signal?.throwIfAborted();
      const key = call.shareKey();
      const shared = byKey.get(key) ?? start(key, call, send);
      shared.waiting += 1;
      try {
        return await orAborted(shared.answered, call.signal);
      } finally {
        shared.waiting -= 1;
        if (shared.waiting === 0 && call.signal?.aborted === true) {
          // Nobody may join what is being given up.
          if (byKey.get(key) === shared) byKey.delete(key);
          shared.everybodyLeft.abort();
        }
      }
    },
  };
}

async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  let leave = (): void => {};
  const left = new Promise<never>((_resolve, reject) => {
    leave = () => reject(new Error("nobody waits any more", { cause: signal.reason }));
    signal.addEventListener("abort", leave, { once: true });
  });
  try {
    return await Promise.race([promise, left]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
