import type { BuyerTrait } from "../../../schema/feeds/records.js";

/** The least number of people in a bucket that may leave (k-anonymity). */
export const K_MIN = 10;

/** One trait of an audience with the buckets that may leave, largest first. */
export interface TraitSummary {
  readonly trait: string;
  readonly buckets: readonly { readonly bucket: string; readonly count: number }[];
  /** How many buckets are withheld. */
  readonly suppressed: number;
}

/**
 * Buckets of fewer than {@link K_MIN} people are withheld. Where only one would be, the smallest other bucket goes with it:
 * alone, the missing bucket is the difference to a total that may be known from elsewhere. No total is given.
 */
export function summarizeTraits(traits: readonly BuyerTrait[]): readonly TraitSummary[] {
  const byTrait = new Map<string, Map<string, number>>();
  for (const { trait, bucket, count } of traits) {
    const buckets = byTrait.get(trait) ?? new Map<string, number>();
    byTrait.set(trait, buckets.set(bucket, (buckets.get(bucket) ?? 0) + count));
  }
  return [...byTrait].sort(([a], [b]) => compare(a, b)).map(([trait, buckets]) => suppress(trait, buckets));
}

function suppress(trait: string, counts: ReadonlyMap<string, number>): TraitSummary {
  const sorted = [...counts]
    .map(([bucket, count]) => ({ bucket, count }))
    .sort((a, b) => b.count - a.count || compare(a.bucket, b.bucket));
  const large = sorted.filter(({ count }) => count >= K_MIN);
  const buckets = sorted.length - large.length === 1 ? large.slice(0, -1) : large;
  return { trait, buckets, suppressed: sorted.length - buckets.length };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
