import type { MonthRange } from "../../schema/claims.js";
import { BureauError } from "../../schema/errors.js";
import type { WindowInput } from "./metric-types.js";

const MONTHS_DEFAULT = 12;
const MONTHS_BACK_MAX = 36;
const MONTHS_WIDE_MAX = 60;
const SHANGHAI_OFFSET_MS = 8 * 3_600_000;

/** Months since year 0 of `YYYY-MM`. */
export function monthIndex(month: string): number {
  return Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
}

/** `YYYY-MM` of a month index. */
export function monthOf(index: number): string {
  const year = Math.floor(index / 12);
  return `${String(year).padStart(4, "0")}-${String(index - year * 12 + 1).padStart(2, "0")}`;
}

/** The calendar month in Asia/Shanghai (no daylight saving) that holds an instant. */
export function monthAt(instant: Date): string {
  return new Date(instant.getTime() + SHANGHAI_OFFSET_MS).toISOString().slice(0, 7);
}

/** Every month of a range, in order. */
export function monthsIn(range: MonthRange): string[] {
  const first = monthIndex(range.from);
  return Array.from({ length: Math.max(0, monthIndex(range.until) - first) }, (_, i) => monthOf(first + i));
}

/**
 * The months that an argument asks for: the last N (default 12), or from-until.
 * @throws BAD_USER_INPUT when out of bounds, empty, or both forms are given
 */
export function readWindow(input: WindowInput | null | undefined, now: Date): MonthRange {
  const { months, from, until } = input ?? {};
  const next = monthIndex(monthAt(now)) + 1;
  if (from == null && until == null) {
    const count = months ?? MONTHS_DEFAULT;
    if (count < 1 || count > MONTHS_BACK_MAX) throw refuse(`months must be 1 to ${MONTHS_BACK_MAX}`);
    return { from: monthOf(next - count), until: monthOf(next) };
  }
  if (months != null) throw refuse("give months, or from and until, not both");
  if (from == null) throw refuse("until needs from");
  const range = { from, until: until ?? monthOf(next) };
  const width = monthIndex(range.until) - monthIndex(range.from);
  if (width < 1 || width > MONTHS_WIDE_MAX)
    throw refuse(`until must be 1 to ${MONTHS_WIDE_MAX} months after from`);
  return range;
}

/** What both ranges hold; an empty range (`from === until`) where nothing. */
export function intersectMonths(asked: MonthRange, opened: MonthRange | undefined): MonthRange {
  if (opened === undefined) return asked;
  const from = asked.from > opened.from ? asked.from : opened.from;
  const until = asked.until < opened.until ? asked.until : opened.until;
  return from < until ? { from, until } : { from, until: from };
}

function refuse(problem: string): BureauError {
  return new BureauError("BAD_USER_INPUT", problem, { facts: { argument: "window", problem } });
}
