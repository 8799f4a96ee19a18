import type { BrokenLedger } from "./broken-ledgers.js";
import { type NemesisResult, runNemesis } from "./nemesis/run-nemesis.js";
import type { Verdict } from "./verdict.js";

export interface NemesisProof {
  readonly seed: number;
  readonly seconds: number;
  readonly onProgress: (line: string) => void;
  readonly onVerdict: (verdict: Verdict) => void;
}

const DEFECTS: readonly BrokenLedger[] = ["ttlCache", "joinInFlight", "failOpen"];
/** A defect is looked for under further seeds until it shows. */
const ATTEMPTS_MAX = 3;

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
  const head = { layer: "nemesis", variant: defect, expected: "caught" } as const;
  let rests = "";
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const result = await runNemesis({
      seed: seed + attempt,
      seconds,
      defect,
      stopsAtFirst: true,
      onProgress: (line) => onProgress(`nemesis ${defect}: ${line}`),
    });
    const [first] = result.violations;
    rests = `attempt ${attempt + 1}, ${summary(result)}`;
    if (first !== undefined)
      return { ...head, result: "caught", rests: `${rests}; ${first.promise}: ${first.text}` };
  }
  return { ...head, result: "holds", rests };
}

/** Fewer than these, and the run says little; they are met on two busy cores in 20 s. */
export const NEMESIS_LEAST = { inquiries: 200, released: 20, revokes: 30, unknown: 1, faults: 10 } as const;

/** What a run lacks to count as one. */
export function nemesisShortfalls(result: NemesisResult): readonly string[] {
  const { counts, recoveredMs } = result;
  const found = { ...counts, faults: faultsOf(result) };
  const names = ["inquiries", "released", "revokes", "unknown", "faults"] as const;
  return [
    ...names
      .filter((name) => found[name] < NEMESIS_LEAST[name])
      .map((name) => `${found[name]} ${name} of at least ${NEMESIS_LEAST[name]}`),
    ...(recoveredMs === undefined ? ["a gateway did not serve again after the last fault"] : []),
  ];
}

function realVerdict(result: NemesisResult): Verdict {
  const [first] = result.violations;
  const missing = nemesisShortfalls(result);
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

function faultsOf({ faults }: NemesisResult): number {
  return Object.values(faults).reduce((sum, count) => sum + count, 0);
}

function summary(result: NemesisResult): string {
  const { counts, faults, processes, recoveredMs, seconds } = result;
  const kinds = Object.entries(faults).map(([kind, count]) => `${kind} ${count}`);
  const recovered = recoveredMs === undefined ? "never" : `${Math.round(recoveredMs)} ms`;
  return (
    `${seconds.toFixed(0)} s: ${counts.inquiries} inquiries (${counts.released} released, ${counts.refused} refused, ` +
    `${counts.unknown} unknown, ${counts.lost} lost), ${counts.revokes} revokes, ${counts.pauses} pauses; ` +
    `${faultsOf(result)} faults (${kinds.join(", ")}); ${processes} gateway processes, serving again after ${recovered}`
  );
}
