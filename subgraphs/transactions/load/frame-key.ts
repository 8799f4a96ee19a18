import type { MonthRange } from "../../../schema/claims.js";
import { isOpenAccount, type OpenAccounts } from "../../host/accounts.js";

/** What is read of one merchant: months and accounts, already narrowed to what the permit opens, and one currency or all. */
export interface FrameKey {
  readonly merchant: string;
  readonly accounts: OpenAccounts;
  readonly range: MonthRange;
  readonly currency: string | null;
}

/** The loader's name for a key. */
export function frameKeyText({ merchant, accounts, range, currency }: FrameKey): string {
  return `${merchant}|${range.from}|${range.until}|${currency ?? ""}|${accounts ?? ""}`;
}

/** False where nothing can be found: no month is open, or no account. */
export function opensAny({ accounts, range }: FrameKey): boolean {
  return range.from < range.until && accounts !== "{}";
}

/** Keys as the five arrays that {@link ASKED} unnests. */
export function frameParameters(
  keys: readonly FrameKey[],
): [string[], string[], string[], (string | null)[], OpenAccounts[]] {
  return [
    keys.map((key) => key.merchant),
    keys.map((key) => `${key.range.from}-01`),
    keys.map((key) => `${key.range.until}-01`),
    keys.map((key) => key.currency),
    keys.map((key) => key.accounts),
  ];
}

/** The keys as rows of SQL; `slot` counts from 1 in the order given. */
export const ASKED = `unnest($1::text[], $2::date[], $3::date[], $4::text[], $5::jsonb[])
  with ordinality as q(merchant_id, from_day, until_day, currency, accounts, slot)`;

/** The join of a table with the keys; `day` names its date column. */
export function askedOf(table: string, day: string): string {
  return `${ASKED} join transactions.${table} t on t.merchant_id = q.merchant_id and t.${day} >= q.from_day
    and t.${day} < q.until_day and (q.currency is null or t.currency = q.currency)
    and ${isOpenAccount("q.accounts", "t.platform", "t.seller_id")}`;
}

/** Rows sorted back to their keys. */
export function bySlot<Row extends { readonly slot: number }>(
  keys: readonly FrameKey[],
  rows: readonly Row[],
): Row[][] {
  const lists: Row[][] = keys.map(() => []);
  for (const row of rows) lists[row.slot - 1]?.push(row);
  return lists;
}
