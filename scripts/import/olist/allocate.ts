import { sum } from "../dataset/minor-units.js";

/**
 * Splits a whole amount in proportion to weights, to the unit, by largest remainder (ties to the earlier): the parts
 * add up to the amount exactly. Weights that are all zero split it evenly. Integers of any size that a number holds.
 */
export function allocate(amount: number, weights: readonly number[]): number[] {
  if (weights.length === 0) throw new RangeError("nothing to allocate to");
  const total = sum(weights);
  if (total === 0)
    return allocate(
      amount,
      weights.map(() => 1),
    );
  const exact = weights.map((weight) => BigInt(amount) * BigInt(weight));
  const parts = exact.map((share) => Number(share / BigInt(total)));
  const left = amount - sum(parts);
  const byRemainder = exact
    .map((share, index) => ({ index, remainder: share % BigInt(total) }))
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1));
  for (const { index } of byRemainder.slice(0, left)) parts[index] = (parts[index] ?? 0) + 1;
  return parts;
}

/**
 * Splits several amounts among the same takers so that both margins hold exactly: the cells of a row add up to its
 * amount, and the cells of a column to what `allocate` gives that taker of the whole.
 */
export function allocateEach(amounts: readonly number[], weights: readonly number[]): number[][] {
  const open = allocate(sum(amounts), weights);
  return amounts.map((amount) => {
    // In proportion to what each taker still lacks, no cell outgrows it, and the last row takes exactly the rest.
    const cells = amount === 0 ? open.map(() => 0) : allocate(amount, open);
    cells.forEach((cell, index) => (open[index] = (open[index] ?? 0) - cell));
    return cells;
  });
}
