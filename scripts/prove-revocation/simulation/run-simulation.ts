import { performance } from "node:perf_hooks";
import type { Violation } from "../promises.js";
import type { Contract } from "./inquiry-contract.js";
import { runSeed, SEED_COUNTS, type SeedCount } from "./run-seed.js";
import type { Variant } from "./variants.js";

/** Seeds of one run follow one another. */
export interface Seeds {
  readonly first: number;
  readonly count: number;
}

/** What a variant did under all seeds. */
export interface VariantResult {
  readonly variant: Variant;
  readonly seeds: number;
  /** Seeds that showed a violation. */
  readonly caught: number;
  readonly first: { readonly seed: number; readonly violation: Violation } | undefined;
  readonly counts: Readonly<Record<SeedCount, number>>;
  readonly seedsPerSecond: number;
}

export interface VariantOptions {
  readonly seeds: Seeds;
  readonly contract: Contract;
  /** Ends with the first violation. */
  readonly stopsAtFirst?: boolean;
  readonly onProgress?: (done: number) => void;
}

const PROGRESS_EVERY = 250;

/** Runs one variant under each seed, one after the other. */
export async function runVariant(variant: Variant, options: VariantOptions): Promise<VariantResult> {
  // Refusals are thrown by the thousand, and the stack of none of them is ever read.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return await runSeeds(variant, options);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

async function runSeeds(variant: Variant, options: VariantOptions): Promise<VariantResult> {
  const { seeds, contract } = options;
  const counts = Object.fromEntries(SEED_COUNTS.map((name) => [name, 0])) as Record<SeedCount, number>;
  const startedMs = performance.now();
  let [done, caught] = [0, 0];
  let first: VariantResult["first"];
  for (let seed = seeds.first; seed < seeds.first + seeds.count; seed++) {
    const result = await runSeed(seed, variant, contract);
    done += 1;
    for (const name of SEED_COUNTS) counts[name] += result.counts[name];
    const [violation] = result.violations;
    if (violation !== undefined) {
      caught += 1;
      first ??= { seed, violation };
      if (options.stopsAtFirst === true) break;
    }
    if (done % PROGRESS_EVERY === 0) options.onProgress?.(done);
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  return { variant, seeds: done, caught, first, counts, seedsPerSecond: done / seconds };
}
