import type { MonthRange } from "../claims.js";
import type { Rulebook } from "../rulebook.js";
import type { TermsInForce } from "./state.js";

const SHANGHAI_OFFSET_MS = 8 * 3_600_000;

/** The months back from `now` in Asia/Shanghai (no daylight saving), the current one included; never past the ceiling. */
export function openedMonths(terms: TermsInForce, rulebook: Rulebook, now: Date): MonthRange {
  const back = Math.min(terms.lookbackMonths, rulebook.ceilings[terms.purpose].lookbackMonthsMax);
  const local = new Date(now.getTime() + SHANGHAI_OFFSET_MS);
  const next = local.getUTCFullYear() * 12 + local.getUTCMonth() + 1;
  return { from: monthText(next - back), until: monthText(next) };
}

function monthText(index: number): string {
  return `${String(Math.floor(index / 12)).padStart(4, "0")}-${String((index % 12) + 1).padStart(2, "0")}`;
}
