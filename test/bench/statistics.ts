/** The value below which the share lies, by nearest rank; 0 of nothing. `share` is 0 to 1. */
export function quantileOf(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
}

/** The middle of the values, the lower one of two. */
export function median(values: readonly number[]): number {
  return quantileOf(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** How far the values lie around their median, as a share of it: half of the range; 0 for one value or none. */
export function spreadOf(values: readonly number[]): number {
  const middle = median(values);
  if (values.length < 2 || middle === 0) return 0;
  return (Math.max(...values) - Math.min(...values)) / 2 / middle;
}

/** Numbers in [0, bound) that a seed repeats (xorshift32). */
export function randomFrom(seed: number): (bound: number) => number {
  let state = seed | 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}
