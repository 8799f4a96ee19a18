/**
 * Reply times are kept as counts in logarithmic buckets (DDSketch, Masson, Rim and Lee, VLDB 2019): bucket i holds seconds in
 * (gamma^(i-1), gamma^i], so that any quantile is right within (gamma - 1) / (gamma + 1), here 1 %, and sketches just add.
 */
export const REPLY_GAMMA = 1.02;

/** How many replies fell into one bucket. */
export interface ReplyBucket {
  readonly bucket: number;
  readonly count: number;
}

/** The seconds that stand for a bucket. */
export function secondsOfBucket(bucket: number): number {
  return (2 * REPLY_GAMMA ** bucket) / (REPLY_GAMMA + 1);
}

/**
 * The quantile (0 to 1) in seconds, or `undefined` without replies: the observation of rank floor(q (n - 1)), as in the paper.
 * Buckets may come in any order, and more than once.
 */
export function replyQuantile(buckets: readonly ReplyBucket[], quantile: number): number | undefined {
  const sorted = [...buckets].sort((a, b) => a.bucket - b.bucket);
  const total = sorted.reduce((sum, { count }) => sum + count, 0);
  const rank = Math.floor(quantile * (total - 1));
  let seen = 0;
  for (const { bucket, count } of sorted) {
    seen += count;
    if (seen > rank && count > 0) return secondsOfBucket(bucket);
  }
  return undefined;
}
