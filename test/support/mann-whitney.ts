/** What a rank test says of two samples. */
export interface RankTest {
  /** Probability that a value of the first is greater than one of the second, ties by half; 0.5 tells nothing. */
  readonly auc: number;
  /** Two-sided: how likely ranks as uneven as these are when both samples come from one distribution. */
  readonly p: number;
}

/**
 * The Mann-Whitney U test with mid-ranks, its variance corrected for ties, by the normal approximation: good from a few
 * dozen values on.
 */
export function mannWhitney(first: readonly number[], second: readonly number[]): RankTest {
  const [n, m] = [first.length, second.length];
  if (n === 0 || m === 0) throw new RangeError("both samples need values");
  const all = [
    ...first.map((value) => ({ value, isFirst: true })),
    ...second.map((value) => ({ value, isFirst: false })),
  ].toSorted((a, b) => a.value - b.value);
  let ranksOfFirst = 0;
  let ties = 0;
  for (let from = 0; from < all.length;) {
    let until = from;
    while (until < all.length && all[until]?.value === all[from]?.value) until += 1;
    const length = until - from;
    const midRank = (from + 1 + until) / 2;
    for (let i = from; i < until; i += 1) if (all[i]?.isFirst === true) ranksOfFirst += midRank;
    ties += length ** 3 - length;
    from = until;
  }
  const u = ranksOfFirst - (n * (n + 1)) / 2;
  const total = n + m;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  const distance = Math.max(0, Math.abs(u - (n * m) / 2) - 0.5);
  const z = variance === 0 ? 0 : distance / Math.sqrt(variance);
  return { auc: u / (n * m), p: Math.min(1, 2 * upperTail(z)) };
}

/** P(Z > z) of the standard normal, z >= 0, within 7.5e-8 (Abramowitz and Stegun 26.2.17). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

/** The value below which a share of the sorted sample lies. */
export function quantile(sample: readonly number[], share: number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
