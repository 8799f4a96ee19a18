const Z95 = 1.959963984540054;

/** Wilson's score interval of 95 % for a proportion (Wilson, JASA 1927); `undefined` without observations. */
export function wilson(successes: number, n: number): { low: number; high: number } | undefined {
  if (n <= 0) return undefined;
  const p = successes / n;
  const z2 = Z95 * Z95;
  const middle = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z95 / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
