import type { MonthRange } from "../../../schema/claims.js";
import { monthAt, monthsIn } from "../../host/window.js";
import type { MonthRow, SourceRow } from "../load/rows.js";

/** What the verbs compute from: the sums of one merchant in the months that may be read. */
export interface Frame {
  /** What the permit opens of the window that was asked for; empty (`from === until`) where nothing. */
  readonly window: MonthRange;
  readonly asOf: Date;
  /** The currency asked for; null for all. */
  readonly currency: string | null;
  readonly rows: readonly MonthRow[];
  readonly sources: readonly SourceRow[];
}

type Sums = { [K in keyof MonthRow as MonthRow[K] extends number ? K : never]: number };
/** The names of a row's numbers. */
export type SumName = keyof Sums;

/** The sum of one number over rows. */
export function sumOf(rows: readonly MonthRow[], name: SumName): number {
  return rows.reduce((sum, row) => sum + row[name], 0);
}

/** Net sales: paid, less refunds of those orders, less what cancelled ones left unrefunded. */
export function netOf(rows: readonly MonthRow[]): number {
  return sumOf(rows, "paidMinor") - sumOf(rows, "refundedMinor") - sumOf(rows, "cancelledMinor");
}

/** The one currency of the amounts; `undefined` without rows, `"MIXED"` where several meet and none was asked for. */
export function currencyOf(frame: Frame): string | undefined {
  const found = new Set(frame.rows.map((row) => row.currency));
  if (found.size > 1) return "MIXED";
  const [only] = found;
  return only;
}

/** Rows by a key of theirs, in the order of first appearance. */
export function groupRows(
  rows: readonly MonthRow[],
  key: (row: MonthRow) => string,
): Map<string, MonthRow[]> {
  const groups = new Map<string, MonthRow[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group === undefined) groups.set(key(row), [row]);
    else group.push(row);
  }
  return groups;
}

/** Orders and net sales of one calendar month. */
export interface MonthNet {
  readonly month: string;
  readonly orders: number;
  readonly netMinor: number;
}

/**
 * The months that are over, from the first one with a paid order, in order and without gaps. The current month is left out:
 * it would look like a fall.
 */
export function completeMonths(frame: Frame): MonthNet[] {
  const byMonth = groupRows(frame.rows, (row) => row.month);
  const current = monthAt(frame.asOf);
  const all = monthsIn(frame.window)
    .filter((month) => month < current)
    .map((month) => {
      const rows = byMonth.get(month) ?? [];
      return { month, orders: sumOf(rows, "paidOrders"), netMinor: netOf(rows) };
    });
  const first = all.findIndex(({ orders }) => orders > 0);
  return first === -1 ? [] : all.slice(first);
}
