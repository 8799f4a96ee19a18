import type { Random } from "../../market/random.js";
import { type Direction, DIRECTIONS, type Outage } from "./link.js";

/** What goes wrong in one simulation; drawn from its seed before anything happens. */
export interface FaultPlan {
  /** By gateway. */
  readonly outages: readonly (readonly Outage[])[];
  readonly crashesAtMs: readonly number[];
  readonly killsAtMs: readonly number[];
  readonly stops: readonly { readonly atMs: number; readonly durationMs: number }[];
  /** By gateway: how far its wall clock is off. */
  readonly skewsMs: readonly number[];
}

/** Draws the faults of one seed. */
export function planFaults(random: Random, gateways: number, horizonMs: number): FaultPlan {
  const instants = (count: number): number[] =>
    Array.from({ length: count }, () => random.between(20, horizonMs));
  const crashesAtMs = instants(random.below(3));
  // Who loses the database is often restarted soon after.
  const restarts = crashesAtMs.filter(() => random.chance(0.6)).map((atMs) => atMs + random.between(30, 150));
  return {
    outages: Array.from({ length: gateways }, () =>
      Array.from({ length: random.below(3) }, () => outage(random, horizonMs)),
    ),
    crashesAtMs,
    killsAtMs: [...restarts, ...instants(random.below(2))],
    stops: instants(random.below(2)).map((atMs) => ({ atMs, durationMs: random.between(20, 500) })),
    skewsMs: Array.from({ length: gateways }, () => Math.floor(random.between(-3_600_000, 3_600_000))),
  };
}

function outage(random: Random, horizonMs: number): Outage {
  const fromMs = random.between(0, horizonMs);
  return {
    fromMs,
    untilMs: fromMs + random.between(5, 400),
    directions: random.pick<readonly Direction[]>([DIRECTIONS, ["request"], ["reply"]]),
    loses: random.chance(0.25),
  };
}
