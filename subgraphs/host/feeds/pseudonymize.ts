import { createHmac } from "node:crypto";
import type { FeedRecord } from "../../../schema/feeds/records.js";

/** Shortest key, in bytes: half of the HMAC's output. */
export const PSEUDONYM_KEY_BYTES_MIN = 16;

/**
 * The buyer's pseudonym: the first 32 hexadecimal digits of HMAC-SHA-256(key, platform || 0x00 || buyerId). The
 * same buyer on two platforms gets two pseudonyms. Changing the key makes every later record of a buyer a
 * correction.
 */
export function pseudonymOf(key: Uint8Array, platform: string, buyerId: string): string {
  return createHmac("sha256", key).update(platform).update("\0").update(buyerId).digest("hex").slice(0, 32);
}

/**
 * The record as it may be stored: the buyer's id replaced, and without the platform, which every table has beside
 * it.
 */
export function pseudonymize(key: Uint8Array, platform: string, record: FeedRecord): object {
  const { platform: _, ...kept } = record;
  if (!("buyerId" in kept) || kept.buyerId === undefined) return kept;
  return { ...kept, buyerId: pseudonymOf(key, platform, kept.buyerId) };
}
