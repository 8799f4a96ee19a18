import type { BrokenLedger } from "./broken-ledgers.js";
import { faultsOf, type NemesisResult, nemesisShortfalls, runNemesis } from "./nemesis/run-nemesis.js";
import type { Verdict } from "./verdict.js";

export interface NemesisProof {
  readonly seed: number;
  readonly seconds: number;
  readonly onProgress: (line: string) => void;
  readonly onVerdict: (verdict: Verdict) => void;
}

const DEFECTS: readonly BrokenLedger[] = ["ttlCache", "joinInFlight", "failOpen"];

/** Runs the real thing for the whole time, then each defect until it is found out. */
export async function proveNemesis(options: NemesisProof): Promise<readonly Verdict[]> {
  const { seed, seconds, onVerdict } = options;
  const real = await runNemesis({
    seed,
    seconds,
    onProgress: (line) => options.onProgress(`nemesis: ${line}`),
  });
  const verdicts = [realVerdict(real)];
  onVerdict(verdicts[0] as Verdict);
  for (const defect of DEFECTS) {
    const verdict = await lookFor(defect, options);
    verdicts.push(verdict);
    onVerdict(verdict);
  }
  return verdicts;
}

async function lookFor(defect: BrokenLedger, { seed, seconds, onProgress }: NemesisProof): Promise<Verdict> {
  const result = await runNemesis({
    seed,
    seconds,
    defect,
    onProgress: (line) => onProgress(`nemesis ${defect}: ${line}`),
  });
  const [first] = result.violations;
  const seen = first === undefined ? "" : `; ${first.promise}: ${first.text}`;
  return {
    layer: "nemesis",
    variant: defect,
    expected: "caught",
    result: first === undefined ? "holds" : "caught",
    rests: `${summary(result)}${seen}`,
  };
}

function realVerdict(result: NemesisResult): Verdict {
  const [first] = result.violations;
  const missing = [
    ...nemesisShortfalls(result),
    ...(result.recoveredMs === undefined ? ["a gateway did not serve again after the last fault"] : []),
  ];
  return {
    layer: "nemesis",
    variant: "as shipped",
    expected: "holds",
    result: first !== undefined ? "caught" : missing.length > 0 ? "empty" : "holds",
    rests: [
      summary(result),
      ...(first === undefined
        ? []
        : [`${result.violations.length} violations, first ${first.promise}: ${first.text}`]),
      ...missing,
    ].join("; "),
  };
}

function summary(result: NemesisResult): string {
  const { counts, faults, processes, recoveredMs, seconds } = result;
  const kinds = Object.entries(faults).map(([kind, count]) => `${kind} ${count}`);
  const recovered = recoveredMs === undefined ? "never" : `${Math.round(recoveredMs)} ms`;
  return (
    `${seconds.toFixed(0)} s: ${counts.inquiries} inquiries (${counts.released} released, ${counts.refused} refused, ` +
    `${counts.unknown} unknown, ${counts.lost} lost), ${counts.revokes} revokes, ${counts.pauses} pauses; ` +
    `${faultsOf(faults)} faults (${kinds.join(", ")}); ${processes} gateway processes, serving again after ${recovered}`
  );
}
