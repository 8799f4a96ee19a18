import type { Clock } from "../../foundation/clock.js";
import { LRUCache } from "lru-cache";
import { sha256Base64url } from "../../foundation/tokens.js";
import type { Principal } from "../../schema/claims.js";

const ENTRIES_MAX = 10_000;
const LIFE_MS_MAX = 60_000;

interface Entry {
  readonly principal: Principal;
  readonly storedAtMs: number;
}

/**
 * Remembers whom a token names, by its SHA-256, until it expires and for 60 s at most; at most 10,000, and refusals never.
 * It spares one signature: proof, binding, standing and consent are asked anew with every request. Another spelling of a
 * token is another entry, verified for itself.
 */
export function cacheTokens(
  identify: (token: string) => Promise<Principal>,
  clock: Clock,
): (token: string) => Promise<Principal> {
  const entries = new LRUCache<string, Entry>({ max: ENTRIES_MAX });
  return async (token) => {
    const key = sha256Base64url(token);
    const entry = entries.get(key);
    if (entry !== undefined && isFresh(entry, clock)) return entry.principal;
    const storedAtMs = clock.monotonicMs();
    const principal = await identify(token);
    entries.set(key, { principal, storedAtMs });
    return principal;
  };
}

/** By both clocks: the wall clock may be set back, the monotonic one knows no expiry. */
function isFresh({ principal, storedAtMs }: Entry, clock: Clock): boolean {
  return clock.monotonicMs() - storedAtMs < LIFE_MS_MAX && clock.now() < principal.expiresAt;
}
