import { readContract } from "./simulation/inquiry-contract.js";
import { runVariant, type VariantResult } from "./simulation/run-simulation.js";
import { VARIANTS } from "./simulation/variants.js";
import type { Verdict } from "./verdict.js";

export interface SimulationProof {
  readonly seed: number;
  readonly seeds: number;
  readonly onProgress: (line: string) => void;
  readonly onVerdict: (verdict: Verdict) => void;
}

/** Runs the two right protocols and every defect under the same seeds. */
export async function proveSimulation(options: SimulationProof): Promise<readonly Verdict[]> {
  const contract = await readContract();
  const verdicts: Verdict[] = [];
  for (const variant of VARIANTS) {
    const result = await runVariant(variant, {
      contract,
      seeds: { first: options.seed, count: options.seeds },
      onProgress: (done) =>
        options.onProgress(`simulation ${variant.name}: ${done} of ${options.seeds} seeds`),
    });
    const verdict = verdictOf(result);
    options.onVerdict(verdict);
    verdicts.push(verdict);
  }
  return verdicts;
}

/** A run in which nothing was released, acknowledged or broken would prove nothing. */
export function emptiness({ counts }: Pick<VariantResult, "counts">): readonly string[] {
  const wanted = [
    "released",
    "unknown",
    "acknowledged",
    "hindered",
    "crashes",
    "reissued",
    "kills",
    "stops",
  ] as const;
  return wanted.filter((name) => counts[name] === 0);
}

function verdictOf(result: VariantResult): Verdict {
  const { variant, seeds, caught, first, counts, seedsPerSecond } = result;
  const speed = `${Math.round(seedsPerSecond)} seeds/s`;
  const head = { layer: "simulation", variant: variant.name } as const;
  const seen =
    first === undefined
      ? ""
      : `, first in seed ${first.seed} (${first.violation.promise}): ${first.violation.text}`;
  if (variant.defect !== undefined)
    return {
      ...head,
      expected: "caught",
      result: caught > 0 ? "caught" : "holds",
      rests: `${caught} of ${seeds} seeds, ${speed}${seen}`,
    };
  const missing = emptiness(result);
  const faults = `${counts.hindered} messages held up or lost, ${counts.crashes} crashes (${counts.reissued} transaction ids reissued), ${counts.kills} kills, ${counts.stops} stops`;
  return {
    ...head,
    expected: "holds",
    result: caught > 0 ? "caught" : missing.length > 0 ? "empty" : "holds",
    rests: `${seeds} seeds, ${speed}: ${counts.released} releases, ${counts.refused} refusals, ${counts.unknown} unknown, ${counts.acknowledged} acknowledgements; ${faults}${seen}`,
  };
}
