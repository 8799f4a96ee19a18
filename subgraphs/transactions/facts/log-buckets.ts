/**
 * Logarithmic buckets of fixed relative accuracy: DDSketch (Masson, Rim, Lee, "DDSketch: a fast and fully-mergeable quantile
 * sketch with relative-error guarantees", PVLDB 12(12), 2019). Bucket i holds gamma^(i-1) < x <= gamma^i; its middle
 * 2 gamma^i / (gamma + 1) is within 0.5 % of every x in it. Counts per bucket add and subtract, so that months merge and
 * corrections take back what they replace. No bucket is ever collapsed: an int8 spans fewer than 4,400.
 */
export const RELATIVE_ACCURACY = 0.005;

const GAMMA = (1 + RELATIVE_ACCURACY) / (1 - RELATIVE_ACCURACY);
const LOG_GAMMA = Math.log(GAMMA);

/** Holds the value 0; the bucket of 1 is 0, and only whole numbers are counted. */
export const ZERO_BUCKET = -1;

/** The bucket of a whole number, 0 or more. */
export function bucketOf(value: number): number {
  return value <= 0 ? ZERO_BUCKET : Math.ceil(Math.log(value) / LOG_GAMMA);
}

/** The value that stands for a bucket. */
export function bucketValue(bucket: number): number {
  return bucket === ZERO_BUCKET ? 0 : (2 * GAMMA ** bucket) / (GAMMA + 1);
}

/** The SQL expression of {@link bucketOf} over a bigint expression. */
export function bucketSql(expression: string): string {
  return `case when ${expression} <= 0 then ${ZERO_BUCKET} else ceil(ln((${expression})::float8) / ${LOG_GAMMA})::int end`;
}
