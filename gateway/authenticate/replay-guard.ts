import type { Redis } from "../../foundation/redis.js";
import type { ReplayGuard } from "./spend-proof.js";

const PREFIX = "xinqiao:dpop:";
/** In a cluster each part may live, and be lost, apart. */
const PARTS = 16;

/**
 * A memory of proofs in Redis. Each part of it knows since when it remembers, so that a server that was flushed, replaced or
 * started anew is not taken for one that saw nothing. Out of reach it remembers nothing.
 */
export function createReplayGuard(redis: Pick<Redis, "claim">): ReplayGuard {
  return {
    claim: async (proof, windowMs) => {
      // A digest is even in its characters; the braces put a part's keys into one hash slot.
      const part = `${PREFIX}{${(proof.codePointAt(0) ?? 0) % PARTS}}`;
      const claimed = await redis.claim(`${part}:${proof}`, `${part}:since`, windowMs).catch(() => undefined);
      if (claimed === undefined) return { memoryMs: 0 };
      return claimed.isFirst ? { memoryMs: claimed.memoryMs } : "seen";
    },
  };
}
