/** One line of the verdict. */
export interface Verdict {
  readonly layer: "simulation" | "nemesis" | "models";
  readonly variant: string;
  /** What has to come out: no violation, or at least one. */
  readonly expected: "holds" | "caught";
  readonly result: "holds" | "caught" | "empty" | "skipped" | "failed";
  /** Numbers behind the result. */
  readonly rests: string;
}

/** A skipped layer is no failure and no proof; it is said, not counted. */
export function isAsExpected({ expected, result }: Verdict): boolean {
  return result === expected || result === "skipped";
}

const WORDS: Readonly<Record<Verdict["result"], string>> = {
  holds: "no violation",
  caught: "caught",
  empty: "too little happened",
  skipped: "skipped",
  failed: "did not finish",
};

/** The table at the end of a run. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map((verdict) => [
    verdict.layer,
    verdict.variant,
    verdict.expected === "holds" ? "no violation" : "caught",
    WORDS[verdict.result],
    verdict.result === "skipped" ? "skipped" : isAsExpected(verdict) ? "as expected" : "NOT AS EXPECTED",
    verdict.rests,
  ]);
  const table = [["layer", "variant", "expected", "found", "verdict", "rests on"], ...rows];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
